"""What is past its retention is gone, from files to free pages and logs, and Dagster says so."""

import datetime as dt
import os
import random
import shutil
import sqlite3
import string
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import duckdb
import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from assets.marts.contracts import MARTS
from assets.plan import SitePlan
from footfall_dagster.day import materialise_day
from footfall_dagster.definitions import build_definitions
from footfall_dagster.forgetting import Forgetting, run
from footfall_dagster.housekeeping import forget, scrub
from footfall_dagster.jobs import CAMERA_DAY, SITE_DAY
from footfall_dagster.privacy import purge, vouched
from footfall_dagster.privacy.closed_list import audit
from footfall_dagster.privacy.findings import Evidence
from footfall_dagster.privacy.ledger import RECORDINGS
from footfall_dagster.privacy.rescan import rescan
from footfall_dagster.resources import report_store, warehouse
from footfall_dagster.runs import QUIET, process_tags
from tests.privacy.finished_home import Crowd, Home, lay_out, materialise, record
from vision.contracts import BOX, DETECTIONS, LAKE, TRACKS
from vision.protocols import Boxes, Frame, View

DAY = dt.date(2026, 3, 13)
CAMERA = "cam_entrance"
PARTITION = f"{CAMERA}|{DAY}"
_DICE = random.Random()
FLOATS = np.array([_DICE.uniform(60, 400) for _ in range(8)], dtype=np.float32)
"""Left edges of the boxes of somebody who was never there."""


def word() -> bytes:
    """A word that nobody ever said, and that passes for one at the wall."""
    return "".join(_DICE.choices(string.ascii_lowercase, k=20)).encode()


LOGGED, NOTED, RAISED, PRINTED = word(), word(), word(), word()


class Planted(Crowd):
    """Sees one more person, whose boxes are the canary."""

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        """See `Crowd`."""
        last = 0
        for boxes in super().detect(frames):
            last = boxes.at_us
            yield boxes
        if last:
            beside = np.column_stack([FLOATS, FLOATS * 0 + 50, FLOATS + 9, FLOATS * 0 + 99])
            yield Boxes(last + 1_000_000, beside, np.full(8, 0.5, np.float32))

    def track(
        self,
        detections: pl.DataFrame,
        view: View,
        appearance: NDArray[np.float32] | None = None,
    ) -> pl.DataFrame:
        """See `Crowd`."""
        known = super().track(detections, view, appearance)
        if detections.is_empty():
            return known
        planted = detections.tail(8).with_row_index("number")
        others = [0 if known.is_empty() else known["track"].max() + 1] * 8
        apart = pl.col("frame_at") + pl.duration(seconds=pl.col("number"))
        more = planted.select(
            pl.Series("track", others, dtype=pl.Int32),
            apart,
            *BOX,
            "confidence",
            joined=pl.lit(None, pl.Float32),
        )
        return pl.concat([known, more.select(TRACKS.schema.names())]).sort("track", "frame_at")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A day of two cameras, marts and reports, with canaries in all that is to be forgotten."""
    home = lay_out(tmp_path_factory.mktemp("forgetting") / "var", DAY, DAY)
    site_yaml = home.settings.site / "site.yaml"
    text = site_yaml.read_text()
    assert "  k: 10\n" in text
    site_yaml.write_text(text.replace("  k: 10\n", "  k: 10\n  retention:\n    recordings: {}\n"))
    record(home, DAY)
    with home.open() as instance:
        crowd_home(home, instance)
        log_canaries(home, instance)
    return home


def crowd_home(home: Home, instance: dg.DagsterInstance) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.privacy.finished_home.Crowd", Planted)
        materialise(home, instance, [DAY], people=40, seed=5)
    assert any(home.settings.weekly_reports.rglob("*.html"))


def log_canaries(home: Home, instance: dg.DagsterInstance) -> None:
    """Canaries in a log line, in metadata, in an exception and in what runs printed."""

    @dg.op
    def says(context: dg.OpExecutionContext) -> None:
        context.log.info(f"saw {LOGGED.decode()}")
        context.log_event(
            dg.AssetMaterialization("notes", metadata={"note": NOTED.decode()}, partition="one")
        )

    @dg.op
    def fails() -> None:
        raise ValueError(RAISED.decode())

    @dg.job
    def saying() -> None:
        says()

    @dg.job
    def failing() -> None:
        fails()

    for job in (saying, failing):
        result = job.execute_in_process(instance=instance, run_config=QUIET, raise_on_error=False)
        printed = home.dagster / "storage" / result.run_id / "compute_logs" / "step.err"
        printed.parent.mkdir(parents=True)
        printed.write_bytes(PRINTED)


@pytest.fixture
def home(made: Home, tmp_path: Path) -> Home:
    """A copy of its own."""
    copied = tmp_path / "var"
    shutil.copytree(made.root, copied, symlinks=True)
    shutil.copytree(made.settings.recordings, tmp_path / "recordings")
    return Home.at(copied, tmp_path / "recordings")


def forgetting(home: Home) -> Forgetting:
    return Forgetting(home.settings, SitePlan(home.site))


def later(**spans: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(**spans)


def carry_out(home: Home, now: dt.datetime) -> list[object]:
    return list(forgetting(home).carry_out(purge.nobody, now))


def looked(home: Home, now: dt.datetime, *canaries: bytes) -> Evidence:
    roots = {"home": home.root, "dagster": home.dagster}
    return rescan(forgetting(home).lake, roots, now, canaries=canaries)


def places(found: Evidence) -> set[str]:
    return {f"{one.file.split('/site=')[0]} {one.kind}" for one in found.findings}


def test_boxes_are_found_until_they_are_purged_and_then_nowhere(home: Home) -> None:
    canary = FLOATS.tobytes()
    now = later(days=1, hours=1)
    before = places(looked(home, later(), canary))
    assert {"home/lake/detections canary", "home/lake/tracks canary"} <= before
    carry_out(home, now)
    after = looked(home, now, canary)
    assert after.findings == ()
    assert after.rows > 0
    assert after.unread == ()


def test_a_copy_of_what_was_purged_is_found_under_any_name(home: Home) -> None:
    lake = forgetting(home).lake
    part = next(lake.root.glob(f"detections/*/*/camera={CAMERA}/part.parquet"))
    shutil.copy(part, home.root / "models.bin")
    now = later(days=1, hours=1)
    carry_out(home, now)
    assert "home/models.bin a copy of a deleted file" in places(looked(home, now))


def test_a_purge_that_did_not_happen_is_found(home: Home) -> None:
    assert "lake/detections of cam_entrance|2026-03-13 past its retention" in places(
        looked(home, later(days=2))
    )


def test_dagsters_storage_forgets_each_thing_in_its_time_to_the_last_byte(home: Home) -> None:
    retention = home.site.file.privacy.retention
    kept = [(29, ()), (31, (LOGGED, PRINTED)), (91, (RAISED,)), (3660, (NOTED,))]
    canaries = {LOGGED, PRINTED, RAISED, NOTED}
    with home.open() as instance:
        for days, expected_gone in kept:
            assert forget(instance, retention, later(days=days)).in_use == ()
            canaries -= set(expected_gone)
            assert all(looked(home, later(), canary).findings for canary in canaries)
            assert looked(home, later(), *expected_gone).findings == ()


def test_in_the_end_nothing_is_left_of_anything(home: Home) -> None:
    now = later(days=4000)
    (home.settings.vault).mkdir()
    (home.settings.vault / f"{'0' * 32}.sealed").write_bytes(b"sealed by a run that died")
    carry_out(home, now)
    with home.open() as instance:
        forget(instance, home.site.file.privacy.retention, now)
        assert instance.get_runs() == []
    found = looked(home, now, FLOATS.tobytes(), LOGGED, NOTED, RAISED, PRINTED)
    assert found.passed, found
    assert not any((home.settings.vault).iterdir())
    assert not any(home.settings.reports.rglob("*.html"))
    assert not any(home.settings.public_reports.rglob("*.html"))
    assert not any(home.settings.weekly_reports.rglob("*.html"))
    assert not any(home.settings.data_docs.rglob("*.html"))
    assert warehouse(home.settings).days(home.site.id) == []
    assert {one.dataset for one in forgetting(home).lake.ledger.receipts()} == {
        *LAKE, "marts", "reports", "public_reports", "weekly_reports", "data_docs", RECORDINGS,
    }  # fmt: skip


def test_dagster_shows_a_purged_partition_as_purged_and_not_as_missing(home: Home) -> None:
    plan = SitePlan(home.site)
    with home.open() as instance:
        age(home)
        result, told = run(forgetting(home), instance)
        assert result.success, told
        assert any(line.startswith("detections: 2 partitions deleted") for line in told)
        key = plan.key(DETECTIONS.name)
        # Its history is there, and it does not look newer than what was made from it.
        assert PARTITION in instance.get_materialized_partitions(key)
        (observed,) = instance.fetch_observations(
            dg.AssetRecordsFilter(asset_key=key, asset_partitions=[PARTITION]), limit=9
        ).records
        metadata = observed.asset_observation.metadata
        assert metadata["detections_purged"].value is True
        assert metadata["rule"].value == "detections_hours=24"
        check = dg.AssetCheckKey(key, "retention")
        (last,) = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [check]
        ).values()
        evaluation = last.event.dagster_event.asset_check_evaluation_data
        assert evaluation.passed
        assert "deleted by age on" in evaluation.description
        # What is young was left, and a purge with nothing to do tells nothing.
        again, told = run(forgetting(home), instance)
        assert told[0].startswith("0 partitions deleted")
        assert again.success
    # Neither receipts nor what Dagster was told are strangers at the wall.
    audited = audit(home.settings, home.site, home.dagster)
    assert audited.findings == ()


def age(home: Home) -> None:
    """Let the camera-day look as old as it is: processed in March."""
    moment = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC).timestamp()
    for part in home.settings.lake.rglob("part.parquet"):
        os.utime(part, (moment, moment))


def failure(result: dg.ExecuteInProcessResult) -> str:
    return " ".join(
        str(event.step_failure_data.user_failure_data.description)
        for event in result.all_events
        if event.is_step_failure and event.step_failure_data.user_failure_data
    )


def launch(
    home: Home, instance: dg.DagsterInstance, job: str, partition: str, *names: str
) -> dg.ExecuteInProcessResult:
    plan = SitePlan(home.site)
    return (
        build_definitions(home.settings)
        .resolve_job_def(job)
        .execute_in_process(
            instance=instance,
            partition_key=partition,
            asset_selection=[plan.key(name) for name in names] or None,
            tags=process_tags(),
            run_config=QUIET,
            raise_on_error=False,
        )
    )


def marts(home: Home) -> dict[str, pl.DataFrame]:
    stored = warehouse(home.settings)
    return {name: stored.read_day(mart, home.site.id, DAY) for name, mart in MARTS.items()}


def test_what_reads_a_purged_partition_is_told_when_why_and_what_to_do(home: Home) -> None:
    carry_out(home, later(days=2))
    key = dg.MultiPartitionKey({"date": DAY.isoformat(), "camera": CAMERA})
    with home.open() as instance:
        result = launch(home, instance, CAMERA_DAY, key, "gate_events")
    assert not result.success
    assert "tracks of cam_entrance|2026-03-13 was deleted by age on" in failure(result)
    assert "under tracks_hours=24" in failure(result)
    assert "materialise the whole camera-day again" in failure(result)


def test_a_day_whose_recordings_were_deleted_is_not_computed_from_nothing(home: Home) -> None:
    before = marts(home)
    carry_out(home, later(days=8))
    assert not any(home.settings.recordings.rglob(f"{CAMERA}*.mp4"))
    key = dg.MultiPartitionKey({"date": DAY.isoformat(), "camera": CAMERA})
    with home.open() as instance:
        result = launch(home, instance, CAMERA_DAY, key)
        assert not result.success
        assert "recordings of which it was made were deleted" in failure(result)
        # Events are still there, positions are not: figures come out the same.
        again = launch(home, instance, SITE_DAY, DAY.isoformat())
    assert again.success, failure(again)
    for name, rows in marts(home).items():
        assert rows.equals(before[name]), name
    assert before["gate_counts_15min"]["entries"].sum() > 0
    assert before["heatmap_hourly"].height > 0


def test_running_a_purged_day_from_the_command_line_changes_nothing(home: Home) -> None:
    before = marts(home)
    carry_out(home, later(days=8))
    said: list[str] = []
    with home.open() as instance:
        runs = materialise_day(home.settings, instance, DAY, said.append)
    for camera in home.site.camera_ids:
        name = f"{CAMERA_DAY} {camera}|{DAY}"
        assert name in runs.from_before
        assert f"{name}: its recordings are gone; what was made from them stands as it is" in said
    for name, rows in marts(home).items():
        assert rows.equals(before[name]), name


def test_a_day_whose_events_were_deleted_is_refused_and_keeps_its_figures(home: Home) -> None:
    before = marts(home)
    carry_out(home, later(days=400))
    with home.open() as instance:
        result = launch(home, instance, SITE_DAY, DAY.isoformat())
    assert not result.success
    assert "was deleted by age" in failure(result)
    for name, rows in marts(home).items():
        assert rows.equals(before[name]), name


def test_a_purge_that_dies_before_dagster_knows_is_told_by_the_next(home: Home) -> None:
    now = later(days=2)
    dying = forgetting(home).carry_out(purge.nobody, now)
    assert isinstance(next(one for one in dying if not isinstance(one, str)), dg.AssetObservation)
    dying.close()
    told = [one for one in carry_out(home, now) if isinstance(one, dg.AssetObservation)]
    assert {one.partition for one in told if one.asset_key.path[-1] == "tracks"} == {
        f"{camera}|{DAY}" for camera in home.site.camera_ids
    }
    assert [one for one in carry_out(home, now) if not isinstance(one, str)] == []


def test_the_schedule_runs_only_where_something_is_due(home: Home) -> None:
    assert not forgetting(home).is_due(later())
    assert forgetting(home).is_due(later(days=2))


def test_marts_leave_nothing_in_duckdb(home: Home) -> None:
    stored, canary = warehouse(home.settings), word()
    with duckdb.connect(str(stored.core)) as connection:
        connection.execute("UPDATE gate_counts_15min SET gate = ?", [canary.decode()])
    # Rows such as a mart of ours may hold, so as the warehouse places them.
    vouched.place(Path(shutil.copy(stored.core, stored.core.with_name("aside"))), stored.core)
    wal = stored.core.with_name(f"{stored.core.name}.wal")
    assert canary in stored.core.read_bytes()
    stored.forget(home.site.id, [dt.date(2026, 1, 1)])
    assert canary in stored.core.read_bytes()
    with stored.core.open("rb") as reader:
        stored.forget(home.site.id, [DAY])
        assert canary not in stored.core.read_bytes()
        assert not wal.exists()
        # Whoever has the old file open holds the last of it until they close it.
        assert canary in reader.read()
    assert stored.days(home.site.id) == []
    assert report_store(home.settings, home.site).days() == [DAY]


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
@pytest.mark.parametrize("open_elsewhere", [False, True], ids=["alone", "open elsewhere"])
def test_sqlite_keeps_deleted_rows_until_it_is_scrubbed(
    tmp_path: Path, journal: str, open_elsewhere: bool
) -> None:
    path, canary = tmp_path / "history.db", word()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, event TEXT)")
        rows = [(canary.decode() * (1 + number % 300),) for number in range(200)]
        connection.executemany("INSERT INTO events (event) VALUES (?)", rows)
        connection.execute("INSERT INTO events (event) VALUES ('stays')")
    other = sqlite3.connect(path)
    other.execute("SELECT count(*) FROM events").fetchone()
    with closing(sqlite3.connect(path)) as connection, connection:
        # Some builds of SQLite have it on.
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("DELETE FROM events WHERE event != 'stays'")
    assert any(canary in file.read_bytes() for file in tmp_path.iterdir())
    if not open_elsewhere:
        other.close()
    assert scrub(path)
    assert not any(canary in file.read_bytes() for file in tmp_path.iterdir())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT event FROM events").fetchall() == [("stays",)]
    other.close()


def test_a_database_that_another_process_reads_is_said_and_left(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE events (event TEXT)")
        connection.executemany("INSERT INTO events VALUES (?)", [("a" * 5000,)] * 20)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM events")
        assert not scrub(path, patience_s=0.1)
    assert scrub(path)
