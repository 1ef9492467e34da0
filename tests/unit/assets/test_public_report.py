"""The page for others: made of released rows, and of nothing else."""

import datetime as dt
import html
import re
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.release import NOTE, release
from assets.plan import SitePlan
from assets.reports import public
from footfall_dagster.privacy.pages import page_trouble
from footfall_dagster.report_store import FolderReportStore, report_stores
from footfall_dagster.settings import Settings
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.site.models import Site

MANY, FEW = 31, 7
HOUR = dt.timedelta(hours=1)
SITE = small_mall.furnished(small_mall.site())


def published(folder: Path, site: Site = SITE, day: dt.date = DAY) -> DuckDBWarehouse:
    """A day on which `MANY` came in by one door and `FEW` by another, in one hour."""
    site_day = site.on(day)
    at = dt.datetime.combine(day, NOON.timetz())
    seen = small_mall.coverage(site_day, (at - 4 * HOUR, at + 8 * HOUR))
    tables = small_mall.relations(
        site_day,
        {"cam_a": seen, "cam_c": seen},
        {
            GATE_EVENTS.name: {
                "cam_a": small_mall.crossings(*[("door", at, "in")] * MANY),
                "cam_c": small_mall.crossings(*[("door_c", at, "in")] * FEW),
            },
            ZONE_VISITS.name: {
                "cam_a": small_mall.stays(*[("shop", at, 90)] * FEW),
                "cam_c": small_mall.stays(*[("shop_c", at, 90)] * MANY),
            },
            ANONYMISED_TRAJECTORIES.name: {
                camera: small_mall.walks(*[(at, [(2.125, 3.375)] * 5)] * people)
                for camera, people in (("cam_a", FEW), ("cam_c", MANY))
            },
        },
    )
    warehouse = DuckDBWarehouse.below(folder)
    warehouse.replace_day("mall", day, tables, tuple(MARTS.values()), lambda _line: None)
    released = {}
    for name, mart in MARTS.items():
        rows = warehouse.read_day(mart, "mall", day)
        warehouse.note_checked(mart, "mall", day, rows, passed=True)
        released[name] = release(mart, rows, 10)
    warehouse.publish_day("mall", day, released, lambda _line: None)
    return warehouse


def rows_of(warehouse: DuckDBWarehouse, day: dt.date = DAY) -> dict[str, pl.DataFrame]:
    return {
        name: warehouse.read_published_day(mart, "mall", day)
        for name, mart in public.RELEASED.items()
    }


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    warehouse = published(tmp_path_factory.mktemp("warehouse"))
    return public.render(SITE.on(DAY), rows_of(warehouse))


def words(page: str) -> str:
    bare = re.sub(r"<style>.*?</style>|<span class=\"tip\".*?</span>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare)))


def test_it_says_what_it_is_made_of_and_under_which_policy(page: str):
    text = words(page)
    assert "made of published rows only" in text
    assert NOTE in text
    assert "core.duckdb" not in text
    assert "Figures of one to 9 people are not told" in text


def test_few_people_are_suppressed_and_many_are_told(page: str):
    cards = words(page[page.index('id="first"') : page.index("<nav")])
    assert f"{MANY} in" in cards
    assert "suppressed in" in cards
    assert not re.search(rf"\b{FEW} in\b", cards)
    row = re.search(r">shop <span.*?</tr>|>shop</th>.*?</tr>", page[page.index('id="dwell"') :])
    assert row is not None
    assert "suppressed" in row[0]


def test_it_may_be_stored(page: str):
    assert page_trouble(page) is None


@pytest.mark.parametrize(
    "day", [pytest.param(dt.date(2026, 3, 15), id="closed"), pytest.param(DAY, id="nobody came")]
)
def test_days_without_anything_have_a_page(day: dt.date, tmp_path: Path):
    site_day = SITE.on(day)
    tables = small_mall.relations(site_day, {}, {})
    warehouse = DuckDBWarehouse.below(tmp_path)
    warehouse.replace_day("mall", day, tables, tuple(MARTS.values()), lambda _line: None)
    rows = {
        name: release(mart, warehouse.read_day(mart, "mall", day), 10)
        for name, mart in MARTS.items()
    }
    text = words(public.render(site_day, rows))
    assert "not delivered" in text
    assert not re.search(r"\b0 in\b", text)


class PublishedOnly:
    """A warehouse that hands out what is released, and fails where anything exact is asked for."""

    def __init__(self, warehouse: DuckDBWarehouse) -> None:
        self.read_published_days = warehouse.read_published_days
        self.is_withdrawn = warehouse.is_withdrawn


def test_the_asset_reads_nothing_exact_and_stores_apart(tmp_path: Path):
    plan = SitePlan(SITE)
    settings = Settings(home=tmp_path / "home")
    stores = report_stores(settings, "mall")
    result = dg.materialize(
        public.build(plan),
        partition_key=DAY.isoformat(),
        instance=dg.DagsterInstance.ephemeral(),
        resources={
            "warehouse": PublishedOnly(published(tmp_path / "warehouse")),
            "public_report_store": stores["public_reports"],
        },
    )
    (event,) = result.get_asset_materialization_events()
    shown = Path(str(event.materialization.metadata["page"].value))
    assert shown == settings.public_reports / "site=mall" / f"{DAY}.html"
    assert not settings.reports.exists()
    folders = [store.folder for store in stores.values()]
    assert len(set(folders)) == len(folders)
    assert all(isinstance(store, FolderReportStore) for store in stores.values())
