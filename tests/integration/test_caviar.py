"""The real day of the Lisbon cameras, end to end: recordings to marts through Dagster."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.marts.contracts import MARTS
from footfall_dagster.day import DayRuns, materialise_day
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from vision.contracts import ANONYMISED_TRAJECTORIES, ZONE_VISITS
from vision.contracts_ingest import CAMERA_EXPORTS, COVERAGE
from vision.site.load import load_site

pytestmark = pytest.mark.footage
DAY = dt.date(2004, 1, 20)


@dataclass
class Materialised:
    settings: Settings
    lake: Lake
    instance: dg.DagsterInstance
    runs: DayRuns

    def mart(self, name: str) -> pl.DataFrame:
        return warehouse(self.settings).read_day(MARTS[name], "caviar", DAY)


@pytest.fixture(scope="module")
def day(
    footage: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Materialised]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(
        site=Path("examples/caviar"), home=home, recordings=footage, weights=weights
    )
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        runs = materialise_day(settings, instance, DAY, print)
        yield Materialised(settings, Lake(settings.lake, load_site(settings.site)), instance, runs)


def test_the_files_whose_headers_lie_are_catalogued_at_their_true_length(
    day: Materialised,
) -> None:
    for camera in ("front", "corridor"):
        files = day.lake.read(CAMERA_EXPORTS, CameraDay(DAY, camera))
        lying = files.filter(pl.col("file_name").str.ends_with(".mpg")).row(0, named=True)
        assert lying["frames"] == 383
        assert (lying["ended_at"] - lying["started_at"]).total_seconds() == pytest.approx(
            15.32, abs=0.05
        )


def test_the_shop_door_has_one_entry_and_one_exit_where_they_happened(
    day: Materialised,
) -> None:
    door = day.mart("gate_counts_15min").filter(
        (pl.col("gate") == "promod_door") & (pl.col("observed_minutes") > 0)
    )
    by_quarter = {
        row["local_start"].strftime("%H:%M"): (row["entries"], row["exits"])
        for row in door.iter_rows(named=True)
    }
    assert by_quarter == {"10:15": (0, 0), "10:30": (1, 1)}


def test_what_was_not_recorded_is_null_and_never_zero(day: Materialised) -> None:
    counts = day.mart("gate_counts_15min")
    unobserved = counts.filter(pl.col("observed_minutes") == 0)
    assert unobserved.height > counts.height * 0.9
    assert unobserved["entries"].null_count() == unobserved.height
    observed_s = day.lake.read(COVERAGE, CameraDay(DAY, "front"))["readable_s"].sum()
    assert observed_s == pytest.approx(15.3 + 66.6, abs=0.5)


def test_a_camera_without_calibration_yields_visits_and_no_positions(day: Materialised) -> None:
    assert day.lake.read(ANONYMISED_TRAJECTORIES, CameraDay(DAY, "front")).is_empty()
    assert day.lake.read(ZONE_VISITS, CameraDay(DAY, "front")).height > 0
    assert day.lake.read(ANONYMISED_TRAJECTORIES, CameraDay(DAY, "corridor")).height > 0


def test_people_in_the_corridor_walk_at_a_human_pace(day: Materialised) -> None:
    positions = day.lake.read(ANONYMISED_TRAJECTORIES, CameraDay(DAY, "corridor"))
    steps = positions.with_columns(
        metres=(
            pl.col("x_m").diff().over("trajectory").pow(2)
            + pl.col("y_m").diff().over("trajectory").pow(2)
        ).sqrt()
    )
    assert steps["metres"].quantile(0.95) < 2.5


def test_running_the_day_again_changes_nothing(day: Materialised) -> None:
    before = {path: path.read_bytes() for path in day.settings.home.rglob("*") if path.is_file()}
    again = materialise_day(day.settings, day.instance, DAY, print)
    assert again.from_before == set(again.run_ids)
    after = {path: path.read_bytes() for path in day.settings.home.rglob("*") if path.is_file()}
    assert after == before
