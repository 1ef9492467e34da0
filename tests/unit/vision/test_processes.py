"""Who is held by a disk: by what the kernel tells of its threads, and of what it has read."""

from pathlib import Path

import pytest

from vision import processes
from vision.processes import DiskWatch

PID = 7


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the kernel tells of a process without threads."""
    monkeypatch.setattr(processes, "_PROC", tmp_path)
    folder = tmp_path / str(PID)
    (folder / "task").mkdir(parents=True)
    read(folder, 1000)
    return folder


def thread(told: Path, number: int, state: str) -> None:
    (told / "task" / str(number)).mkdir()
    (told / "task" / str(number) / "stat").write_text(f"{number} (D) (a) {state} 1 2 3\n")


def read(told: Path, size: int) -> None:
    (told / "io").write_text(f"rchar: {size}\nwchar: 0\nsyscr: 2\nsyscw: 0\nread_bytes: 0\n")


def looks(watch: DiskWatch, number: int) -> list[bool]:
    return [watch.is_held() for _ in range(number)]


def test_a_process_is_held_while_a_thread_waits_and_nothing_is_read(told: Path) -> None:
    thread(told, 1, "S")
    thread(told, 2, "D")
    watch = DiskWatch(PID)
    assert looks(watch, 3) == [False, True, True]
    read(told, 2000)
    assert looks(watch, 2) == [False, True]


def test_one_that_waits_for_no_disk_is_not_held(told: Path) -> None:
    thread(told, 1, "S")
    assert looks(DiskWatch(PID), 3) == [False] * 3


def test_threads_that_end_meanwhile_hide_no_other(told: Path) -> None:
    for number in range(20):
        (told / "task" / f"gone_{number}").mkdir()
    thread(told, 1, "D")
    assert looks(DiskWatch(PID), 2) == [False, True]


def test_where_nothing_tells_what_was_read_threads_tell(told: Path) -> None:
    thread(told, 1, "D")
    (told / "io").unlink()
    assert looks(DiskWatch(PID), 2)[1]


def test_a_process_that_is_gone_is_not_held(told: Path) -> None:
    assert told.is_dir()
    assert looks(DiskWatch(PID + 1), 2) == [False, False]
