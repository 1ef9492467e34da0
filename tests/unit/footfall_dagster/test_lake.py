"""A partition is there whole or not at all, also when its writer is killed."""

import datetime as dt
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from footfall_dagster.lake import CameraDay, Lake, NotMaterialised
from footfall_dagster.listing import listed
from footfall_dagster.locks import locked
from footfall_dagster.privacy import wall
from footfall_dagster.privacy.wall import Refused
from tests.unit.small_mall import DAY, site
from vision.contracts import DETECTIONS, GATE_EVENTS
from vision.contracts_ingest import CAMERA_EXPORTS, COVERAGE
from vision.exports.coverage import coverage
from vision.exports.decoded import Decoded

CAM = CameraDay(DAY, "cam_a")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", site())


def test_a_partition_reads_back_as_written(lake: Lake) -> None:
    frame = coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY))
    lake.write(COVERAGE, CAM, frame)
    assert lake.read(COVERAGE, CAM).equals(frame)
    assert lake.strangers(COVERAGE, CAM) == []


def test_writing_again_leaves_the_same_bytes_and_one_receipt(lake: Lake) -> None:
    frame = coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY))
    lake.write(COVERAGE, CAM, frame)
    folder = lake.folder("coverage", CAM)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    lake.write(COVERAGE, CAM, frame)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_note_of_a_refusal_goes_before_the_folder_is_synced_and_older_receipts_after(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY))
    lake.write(COVERAGE, CAM, frame, source="0" * 64)
    folder = lake.folder("coverage", CAM)
    (older,) = folder.glob(f"*{wall.RECEIPT_SUFFIX}")
    older.rename(folder / f"{'1' * 64}{wall.RECEIPT_SUFFIX}")
    lake.refuse(COVERAGE, CAM)
    synced: list[set[str]] = []
    monkeypatch.setattr(
        wall, "sync_folder", lambda place: synced.append({one.name for one in place.iterdir()})
    )
    lake.write(COVERAGE, CAM, frame)
    assert [wall.REFUSAL in names for names in synced] == [False]
    assert [len(names) for names in synced] == [3]
    assert len(list(folder.iterdir())) == 2


def test_a_file_that_goes_while_a_folder_is_listed_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gone", "stays"):
        (tmp_path / name).write_bytes(b"four")
    of_all = Path.iterdir

    def with_one_less(folder: Path) -> list[Path]:
        found = list(of_all(folder))
        (folder / "gone").unlink()
        return found

    monkeypatch.setattr(Path, "iterdir", with_one_less)
    (entry,) = listed(tmp_path, deep=False)
    assert (entry.path.name, entry.size, entry.is_file) == ("stays", 4, True)


def test_what_was_never_written_is_not_materialised(lake: Lake) -> None:
    with pytest.raises(NotMaterialised):
        lake.read(DETECTIONS, CAM)


def test_left_of_the_wall_too_a_broken_contract_stores_nothing(lake: Lake) -> None:
    with pytest.raises(Refused):
        lake.write(DETECTIONS, CAM, DETECTIONS.empty().drop("confidence"))
    assert list(lake.root.rglob("*.parquet")) == []


def test_another_contract_does_not_vouch_for_a_file(lake: Lake) -> None:
    lake.write(GATE_EVENTS, CAM, GATE_EVENTS.empty())
    part = lake.folder("gate_events", CAM) / wall.PART
    with pytest.raises(Refused):
        wall.read(part, COVERAGE, str(CAM))


@pytest.mark.parametrize("moment", ["replace", "fsync", "write_text"])
def test_a_writer_killed_at_any_step_leaves_the_old_partition_or_the_new(
    lake: Lake, moment: str
) -> None:
    """Kill the writer with SIGKILL in the middle of the first call of `moment` from the wall on."""
    old = coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY))
    lake.write(COVERAGE, CAM, old)
    code = f"""
        import os, signal, sys
        from pathlib import Path
        from footfall_dagster.lake import CameraDay, Lake
        from footfall_dagster.privacy import wall
        from tests.unit.small_mall import DAY, site
        from vision.contracts import COVERAGE

        def die(*_args, **_kwargs):
            os.kill(os.getpid(), signal.SIGKILL)

        lake = Lake(Path(sys.argv[1]), site())
        camera_day = CameraDay(DAY, "cam_a")
        rows = lake.read(COVERAGE, camera_day).with_columns(reason=None)
        full = dict.fromkeys(("recorded_s", "readable_s"), 60.0)
        rows = rows.with_columns(**full).cast(dict(COVERAGE.schema))
        if {moment!r} == "fsync":
            os.fsync = die
        else:
            setattr(Path, {moment!r}, die)
        lake.write(COVERAGE, camera_day, rows)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(lake.root)],
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
    assert done.returncode == -signal.SIGKILL
    assert lake.read(COVERAGE, CAM).equals(old)
    lake.write(COVERAGE, CAM, old)
    assert lake.strangers(COVERAGE, CAM) == []
    assert list((lake.root / "_pending").iterdir()) == []


@pytest.mark.parametrize(
    "handed",
    [
        pytest.param(lambda _rows: {"crop": b"\xff\xd8\xff"}, id="a dict"),
        pytest.param(lambda _rows: None, id="nothing"),
        pytest.param(lambda rows: rows.lazy(), id="a lazy frame"),
        pytest.param(
            lambda rows: rows.with_columns(pl.Series("v", [object()] * rows.height, pl.Object)),
            id="a column of objects",
        ),
    ],
)
def test_what_is_no_table_is_refused_and_the_partition_with_it(
    lake: Lake, handed: Callable[[pl.DataFrame], Any]
) -> None:
    rows = coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY))
    lake.write(COVERAGE, CAM, rows)
    with pytest.raises(Refused):
        lake.write(COVERAGE, CAM, handed(rows))
    with pytest.raises(Refused, match="last write"):
        lake.read(COVERAGE, CAM)
    assert lake.failed(DAY) == {CAM.camera}


def test_a_run_killed_while_it_notes_a_refusal_can_be_run_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY))
    lake.write(COVERAGE, CAM, good)
    with monkeypatch.context() as patch:

        def die(*_args: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Path, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            lake.refuse(COVERAGE, CAM)
    with pytest.raises(Refused):
        lake.read(COVERAGE, CAM)
    lake.write(COVERAGE, CAM, good)
    assert lake.read(COVERAGE, CAM).equals(good)
    assert lake.strangers(COVERAGE, CAM) == []


def test_whoever_asks_what_failed_waits_for_who_is_writing(lake: Lake) -> None:
    """Between a file and its receipt a partition looks like one that was tampered with."""
    lake.write(COVERAGE, CAM, coverage(CAMERA_EXPORTS.empty(), Decoded([]), lake.site.on(DAY)))
    folder = lake.folder(COVERAGE.name, CAM)
    receipt = next(folder.glob(f"*{wall.RECEIPT_SUFFIX}"))
    with ThreadPoolExecutor(1) as pool:
        with locked(folder, timeout_s=0):
            content = receipt.read_text()
            receipt.unlink()
            asked = pool.submit(lake.failed, DAY)
            time.sleep(0.3)
            receipt.write_text(content)
        assert asked.result(timeout=30) == frozenset()
    receipt.unlink()
    assert lake.failed(DAY) == {CAM.camera}


def test_the_partition_of_another_day_is_untouched(lake: Lake) -> None:
    other = CameraDay(DAY - dt.timedelta(days=1), "cam_a")
    lake.write(GATE_EVENTS, other, GATE_EVENTS.empty())
    lake.write(GATE_EVENTS, CAM, GATE_EVENTS.empty())
    assert lake.stored_days("gate_events") == [other, CAM]
