"""A day of a small site released with noise: from the lake to the published file."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_AUDITS, GATE_COUNTS_15MIN
from assets.marts.of_zones import ZONE_VISITS_HOURLY
from assets.marts.schema import MartContract
from assets.release.noisy import NEEDED, NOISY_MARTS, Noisy, NotDrawableError, noisy_rows
from assets.storage import BudgetSpentError
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.listing import Tree
from footfall_dagster.privacy.closed_list_marts import warehouse
from footfall_dagster.privacy.closed_list_rows import mart_violations
from footfall_dagster.privacy.look import Look
from footfall_dagster.privacy.purge import forget_partitions
from footfall_dagster.privacy.purge_figures import forget_marts
from footfall_dagster.privacy.search import search
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, LAKE
from vision.contracts_ingest import COVERAGE
from vision.site.models import Site
from vision.site.release import Noise, Release

HOUR = dt.timedelta(hours=1)
IN_SHOP, IN_FRONT = (1.125, 1.125), (1.125, 3.375)
ONE_VISITOR = [(NOON, [IN_SHOP] * 20)]
LINGERER = (
    NOON + dt.timedelta(minutes=57),
    [IN_SHOP if second // 60 % 2 else IN_FRONT for second in range(6 * 60)],
)
"""Goes to and fro between the front and the shop, in two hours."""
MADE = [mart for mart in MARTS.values() if mart in (*NEEDED, GATE_COUNTS_15MIN, GATE_AUDITS)]
Walks = Sequence[tuple[dt.datetime, Sequence[tuple[float, float]]]]


def site(**noise: float) -> Site:
    """The furnished mall, whose `cam_c` has no calibration."""
    made = small_mall.furnished(small_mall.site())
    release = Release(marts={ZONE_VISITS_HOURLY.name: "noisy"}, noise=Noise(**noise))
    privacy = made.file.privacy.model_copy(update={"release": release})
    *calibrated, last = made.cameras
    return made.model_copy(
        update={
            "file": made.file.model_copy(update={"privacy": privacy}),
            "cameras": (*calibrated, last.model_copy(update={"calibration": ()})),
        }
    )


class Home:
    """A lake and a warehouse of one day."""

    def __init__(self, root: Path, site: Site) -> None:
        self.site, self.site_day = site, site.on(DAY)
        self.lake = Lake(root / "lake", site)
        self.warehouse = DuckDBWarehouse.below(root / "warehouse")
        self.folder = root / "warehouse"

    def observed(self, **walks: Walks) -> None:
        """Store camera-days on which these people walked, and make their core marts."""
        coverage = small_mall.coverage(self.site_day, (NOON, NOON + 4 * HOUR))
        for camera, paths in walks.items():
            frames = {
                COVERAGE.name: coverage,
                ANONYMISED_TRAJECTORIES.name: small_mall.walks(*paths),
            }
            for contract in LAKE.values():
                frame = frames.get(contract.name, contract.empty())
                self.lake.write(contract, CameraDay(DAY, camera), frame)
        tables = small_mall.relations(
            self.site_day,
            dict.fromkeys(walks, coverage),
            {
                contract.name: {camera: contract.empty() for camera in walks}
                for contract in LAKE.values()
                if contract is not COVERAGE
            },
        )
        self.warehouse.replace_day("mall", DAY, tables, MADE, lambda _line: None)

    def noisy(self) -> Noisy:
        exact = self.warehouse.read_days(NEEDED, "mall", [DAY])
        return noisy_rows(self.site_day, exact, self.lake, self.warehouse.noise)

    def told(self, rows: pl.DataFrame) -> Mapping[tuple[str, int], int | None]:
        return {
            (zone, int((hour - NOON) / HOUR)): visits
            for zone, hour, visits in rows.select("zone", "hour_start", "visits").iter_rows()
        }


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, site())


def test_each_zone_and_hour_that_was_observed_has_a_figure_and_nothing_else_has(home: Home):
    home.observed(cam_a=ONE_VISITOR)
    rows = home.noisy().rows
    assert rows.schema == ZONE_VISITS_HOURLY.schema
    under_a = {zone.id for zone in home.site_day.zones_of("cam_a") if zone.kind != "exclude"}
    assert {cell for cell, visits in home.told(rows).items() if visits is not None} == {
        (zone, hour) for zone in under_a for hour in range(4)
    }
    others = [
        column.name
        for column in ZONE_VISITS_HOURLY.columns
        if column.counted_by and column.name != "visits"
    ]
    assert all(rows[name].null_count() == rows.height for name in others)


def test_with_little_noise_figures_are_how_many_visited(tmp_path: Path):
    home = Home(tmp_path, site(epsilon=10, budget=100, cells_per_person=1, pieces_per_person=1))
    home.observed(
        cam_a=[
            *[(NOON + dt.timedelta(seconds=9 * n), [IN_SHOP] * 9) for n in range(400)],
            *[(NOON + HOUR, [IN_SHOP] * 4)] * 50,
        ]
    )
    told = home.told(home.noisy().rows)
    # With a scale of 0.1 one draw in e^50 is off by five; stays of four seconds are no visits.
    assert abs((told["shop", 0] or 0) - 400) < 5
    assert (told["shop", 1] or 0) < 5


def test_somebody_who_lingers_all_day_counts_once_in_the_first_cells_only(tmp_path: Path):
    home = Home(tmp_path, site(epsilon=10, budget=100, cells_per_person=2, pieces_per_person=1))
    home.observed(cam_a=[LINGERER] * 200)
    told = home.told(home.noisy().rows)
    first = {("front", 0), ("shop", 0)}
    assert all(abs((told[cell] or 0) - 200) < 10 for cell in first)
    assert all((visits or 0) < 10 for cell, visits in told.items() if cell not in first)


def test_a_zone_under_a_camera_that_nobody_calibrated_is_told_as_not_followed(home: Home):
    home.observed(cam_a=ONE_VISITOR, cam_c=[])
    rows = home.noisy().rows.filter(camera="cam_c")
    assert rows["visits"].null_count() == rows.height
    assert rows["observed_minutes"].sum() == 0
    at_noon = rows.filter(pl.col("hour_start") == NOON)
    assert set(at_noon["not_observed"]) == {"uncalibrated"}


def test_a_day_without_any_trajectory_draws_nothing_and_costs_nothing(home: Home):
    home.observed(cam_c=[])
    noisy = home.noisy()
    assert (noisy.drawn, noisy.metadata) == (None, {})
    assert noisy.rows["visits"].null_count() == noisy.rows.height
    assert home.warehouse.noise.days("mall") == set()


def test_an_empty_day_and_a_day_with_one_visitor_look_alike(tmp_path: Path):
    shapes = []
    for name, people in (("empty", []), ("one", ONE_VISITOR)):
        home = Home(tmp_path / name, site())
        home.observed(cam_a=people)
        noisy = home.noisy()
        shapes.append(noisy.rows.with_columns(visits=pl.col("visits").is_not_null()))
        assert noisy.metadata["epsilon_spent_on_day"] == 1
    assert shapes[0].equals(shapes[1])


def published(home: Home) -> str:
    """Release the day and store it as the release step does; return all rows that are published.

    As text: two builds of one DuckDB file differ in a few bytes, and Arrow's may where NULL is.
    """
    mart = ZONE_VISITS_HOURLY
    exact = home.warehouse.read_day(mart, "mall", DAY)
    home.warehouse.note_checked(mart, "mall", DAY, exact, passed=True)
    rows = home.noisy().rows.with_columns(suppressed=pl.lit(False))
    home.warehouse.publish_day("mall", DAY, {mart.name: rows}, lambda _line: None)
    contract = _released(mart)
    return home.warehouse.read_published_day(contract, "mall", DAY).write_csv()


def _released(mart: MartContract) -> MartContract:
    from assets.marts.release import published

    return published(mart)


def test_a_published_day_that_is_made_again_is_the_same_to_the_byte(home: Home):
    home.observed(cam_a=ONE_VISITOR, cam_c=[])
    first = published(home)
    home.observed(cam_a=ONE_VISITOR, cam_c=[])
    assert published(home) == first
    forgotten = list(forget_partitions(home.lake, NOON + dt.timedelta(days=30)))
    assert forgotten
    assert home.lake.purged(ANONYMISED_TRAJECTORIES.name, DAY)
    assert published(home) == first


def test_a_day_whose_trajectories_are_gone_and_that_was_never_drawn_is_refused(home: Home):
    home.observed(cam_a=ONE_VISITOR)
    assert list(forget_partitions(home.lake, NOON + dt.timedelta(days=30)))
    with pytest.raises(NotDrawableError, match="deleted by age"):
        home.noisy()


def test_a_late_camera_is_another_release_until_the_budget_is_spent(tmp_path: Path):
    home = Home(tmp_path, site(epsilon=1, budget=2))
    home.observed(cam_a=ONE_VISITOR)
    first = home.noisy()
    home.observed(cam_a=ONE_VISITOR, cam_b=[(NOON, [(6.125, 4.125)] * 9)])
    second = home.noisy()
    assert (second.metadata["noisy_release"], second.metadata["epsilon_spent_on_day"]) == (2, 2)
    home.observed(cam_a=[*ONE_VISITOR, (NOON + HOUR, [IN_SHOP] * 9)])
    with pytest.raises(BudgetSpentError, match="Keep what is published"):
        home.noisy()
    home.observed(cam_a=ONE_VISITOR)
    assert (
        home.told(home.noisy().rows).items()
        >= {
            cell: visits for cell, visits in home.told(first.rows).items() if visits is not None
        }.items()
    )


def test_people_in_more_pieces_than_promised_are_warned_of(tmp_path: Path):
    home = Home(tmp_path, site(pieces_per_person=1))
    home.observed(cam_a=ONE_VISITOR * 3, cam_b=[(NOON, [(6.125, 4.125)] * 9)] * 3)
    noisy = home.noisy()
    assert noisy.warning is not None
    assert "2 pieces each" in noisy.warning
    assert noisy.metadata["epsilon_by_pieces_measured"] == 2
    home = Home(tmp_path / "promised", site(pieces_per_person=2))
    home.observed(cam_a=ONE_VISITOR * 3, cam_b=[(NOON, [(6.125, 4.125)] * 9)] * 3)
    assert home.noisy().warning is None


def test_what_is_kept_is_on_the_closed_list_and_no_vector_to_the_search(home: Home):
    home.observed(cam_a=ONE_VISITOR, cam_b=[])
    rows = home.noisy().rows
    look = Look()
    warehouse(look, DuckDBWarehouse.below(home.folder), home.site, Tree(home.folder))
    assert (look.findings, look.unread) == ([], [])
    assert list(mart_violations(rows, ZONE_VISITS_HOURLY, home.site_day)) == []
    noise = home.folder / "noise"
    assert search({"noise": noise}).findings == ()
    [draw] = noise.rglob("*.json")
    for stranger in (
        draw.with_name(f"{DAY}.gate_counts_15min.1.json"),
        draw.with_name(".aside.tmp"),
        noise / draw.name,
        draw.with_name(f"{DAY}.{ZONE_VISITS_HOURLY.name}.2.json"),
    ):
        text = draw.read_text()
        stranger.write_text(
            text.replace('"figures": [', '"figures": [7, ') if "2.json" in stranger.name else text
        )
        look = Look()
        warehouse(look, DuckDBWarehouse.below(home.folder), home.site, Tree(home.folder))
        assert [one.kind for one in look.findings] == ["not on the list"], stranger.name
        stranger.unlink()


def test_draws_are_kept_as_long_as_the_marts_of_their_day(home: Home):
    home.observed(cam_a=ONE_VISITOR)
    home.noisy()
    assert forget_marts(home.lake, home.warehouse, NOON) == []
    assert home.warehouse.noise.days("mall") == {DAY}
    assert forget_marts(home.lake, home.warehouse, NOON + dt.timedelta(days=40 * 366))
    assert home.warehouse.days("mall") == []
    assert not list((home.folder / "noise").rglob("*.json"))


def test_marts_that_can_be_noisy_have_a_row_for_each_place_and_hour_whoever_comes():
    assert all(MARTS[name].places is not None for name in NOISY_MARTS)
    assert {mart.name for mart in NEEDED} >= NOISY_MARTS
