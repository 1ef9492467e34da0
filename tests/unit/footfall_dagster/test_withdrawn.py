"""Which rows of other days tell of a day of which nothing is published any more."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.queries import connected
from footfall_dagster import mart_files, mart_tables
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from footfall_dagster.withdrawn import Withdrawn, telling_of
from tests.unit import small_mall
from tests.unit.published_mall import make_tables
from tests.unit.small_mall import DAY, NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.site.audits import Audit
from vision.site.models import Site

EARLIER_DAYS = sorted({mart.earlier_days for mart in MARTS.values()})
YEAR_AND_MORE = range(1, 400)
Rows = dict[str, pl.DataFrame]


def site() -> Site:
    """The small mall with a second shop in the place of the first, and a count by eye."""
    mall = small_mall.site()
    shop = next(zone for zone in mall.file.zones if zone.id == "shop")
    zones = (*mall.file.zones, shop.model_copy(update={"id": "other_shop"}))
    counted = Audit(gate="door", starts=NOON.replace(tzinfo=None), minutes=10, entries=31, exits=0)
    return mall.model_copy(
        update={"file": mall.file.model_copy(update={"zones": zones}), "audits": (counted,)}
    )


def tables() -> Rows:
    """Thirty people come in and stay in the shop, and somebody counts them."""
    walk = [(0.125, 4.125), (1.125, 3.125), *[(2.125, 2.125)] * 70]
    return small_mall.relations(
        site().on(DAY),
        {"cam_a": small_mall.coverage(site().on(DAY), site().on(DAY).window)},
        {
            GATE_EVENTS.name: {"cam_a": small_mall.crossings(*[("door", NOON, "in")] * 30)},
            ZONE_VISITS.name: {"cam_a": small_mall.stays(*[("shop", NOON, 70)] * 30)},
            ANONYMISED_TRAJECTORIES.name: {"cam_a": small_mall.walks(*[(NOON, walk)] * 30)},
        },
    )


@pytest.fixture(scope="module")
def day_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A core file that holds one day."""
    settings = Settings(home=tmp_path_factory.mktemp("withdrawn") / "home")
    make_tables(settings, site(), DAY, tables())
    return warehouse(settings).core


def made_after(day_alone: Path, home: Path, back: Sequence[int]) -> Rows:
    """Core rows of the day where as many days before it were just like it."""
    stored = warehouse(Settings(home=home))

    def build(building: Path) -> None:
        with connected(building) as connection:
            connection.execute(f"ATTACH '{day_alone}' AS alone (READ_ONLY)")
            for mart in MARTS.values():
                mart_tables.create(connection, [mart], stored.exact.label)
                connection.execute(
                    f"INSERT INTO {mart.name} SELECT of_day.* REPLACE "
                    "((of_day.trading_day - days.back::INTEGER)::DATE AS trading_day) "
                    f"FROM alone.{mart.name} AS of_day, (SELECT unnest($back) AS back) AS days",
                    {"back": list(back)},
                )
            connection.execute("DETACH alone")
            connection.execute("CHECKPOINT")

    mart_files.rebuild(stored.core, build, lambda _line: None, 10)
    every = tuple(MARTS.values())
    stored.replace_day("mall", DAY, tables(), every, lambda _line: None)
    return stored.read_days(every, "mall", [DAY])


def test_marts_tell_of_the_earlier_days_that_their_contract_says_and_of_no_others(
    day_alone: Path, tmp_path: Path
):
    every = made_after(day_alone, tmp_path / "every", YEAR_AND_MORE)
    none = made_after(day_alone, tmp_path / "none", [])
    for number, earlier in enumerate(EARLIER_DAYS):
        some = made_after(day_alone, tmp_path / str(number), earlier)
        for name in (name for name, mart in MARTS.items() if mart.earlier_days == earlier):
            assert some[name].equals(every[name]), name
            assert some[name].equals(none[name]) == (earlier == ()), name


def test_rows_are_hidden_on_the_days_that_tell_of_a_withdrawn_one(tmp_path: Path):
    listed = Withdrawn(tmp_path)
    listed.add("mall", [DAY])
    for mart in MARTS.values():
        telling = telling_of(mart, [DAY])
        around = {DAY + dt.timedelta(days=number) for number in range(-30, 400)}
        assert {day for day in around if listed.hides("mall", mart, day)} == telling
    assert not listed.hides("other", MARTS["footfall_daily"], DAY)


def test_a_list_that_was_changed_is_refused(tmp_path: Path):
    listed = Withdrawn(tmp_path)
    listed.add("mall", [DAY])
    listed.path("mall").write_text("[]")
    with pytest.raises(ValueError, match="nobody knows what may be published"):
        listed.days("mall")
