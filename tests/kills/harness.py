"""Killing a run, running it again, and comparing what is there with what one clean run gives.

Belongs here: homes to start from, the kill, the account of everything that is left. Does not belong
here: what runs (`tests.kills.victim`), or how many kills (the tests).

Nothing here knows a dataset: whatever lies below the lake is compared by its bytes, whatever is in
a DuckDB file by its rows, everything else by its name.
"""

import contextlib
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from dagster import DagsterRunStatus

from footfall_dagster.lake import PENDING, Lake, NotMaterialised
from footfall_dagster.privacy import vouched
from tests.privacy.finished_home import REPOSITORY, Home
from vision.contracts import lake_of

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HASH = re.compile(r"[0-9a-f]{64}")
_ORPHANS_END_WITHIN_S = 60.0
_UNFINISHED = [
    status
    for status in DagsterRunStatus
    if status not in {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}
]


@dataclass(frozen=True)
class Seconds:
    """So long after the run began."""

    seconds: float

    def __str__(self) -> str:
        """As it is printed beside a failure."""
        return f"{self.seconds:.3f} s after it began"


@dataclass(frozen=True)
class Operation:
    """Just before the run's file operation of this number."""

    number: int

    def __str__(self) -> str:
        """As it is printed beside a failure."""
        return f"before its file operation {self.number}"


Moment = Seconds | Operation


@dataclass(frozen=True)
class Ended:
    """How a run ended that was not killed."""

    seconds: float
    operations: int


@dataclass(frozen=True)
class Run:
    """A job of one partition, started from a home as it was laid out.

    Attributes:
        home: Where it runs, always the same place: pages name the files that they were made from.
        start: What the home is before the run; copied to its place each time.
        job: Name of the job.
        partition: Its partition key.
    """

    home: Home
    start: Path
    job: str
    partition: str

    @property
    def _environment(self) -> dict[str, str]:
        settings = self.home.settings
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("FOOTFALL_")}
        return inherited | {
            "DAGSTER_HOME": str(self.home.dagster),
            "FOOTFALL_HOME": str(settings.home),
            "FOOTFALL_SITE": str(settings.site),
            "FOOTFALL_RECORDINGS": str(settings.recordings),
            "FOOTFALL_WEIGHTS": str(settings.weights),
            "PYTHONPATH": str(REPOSITORY),
            "TMPDIR": str(self.home.temporary),
        }

    def lay_out(self) -> None:
        """Put the home back to what it was at the start."""
        shutil.rmtree(self.home.root, ignore_errors=True)
        shutil.copytree(self.start, self.home.root, symlinks=True)

    @contextlib.contextmanager
    def _begun(self, fatal: int | None = None) -> Iterator[subprocess.Popen[str]]:
        """The process, when it has imported everything and done nothing."""
        module = [sys.executable, "-m", "tests.kills.victim", self.job, self.partition]
        process = subprocess.Popen(
            [*module, *([str(fatal)] if fatal else [])],
            cwd=REPOSITORY,
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begins\n"
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def to_the_end(self) -> Ended:
        """Run it as it is and return how it ended, which is well."""
        with self._begun() as process:
            began = time.monotonic()
            assert process.stdout is not None
            said = process.stdout.read()
            assert process.wait() == 0, f"{self.job} {self.partition} failed"
            seconds = time.monotonic() - began
            self._assert_no_process_is_left(process.pid)
            return Ended(seconds, int(said))

    def killed(self, moment: Moment) -> bool:
        """Kill it, and it alone, at a moment; False where it had ended before."""
        with self._begun(moment.number if isinstance(moment, Operation) else None) as process:
            if isinstance(moment, Seconds):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(moment.seconds)
                process.kill()
            code = process.wait()
            if code != -signal.SIGKILL:
                assert code == 0, f"{self.job} {self.partition} failed by itself"
                return False
            # Within the block: what it started has not been killed with it.
            self._assert_no_process_is_left(process.pid)
        return True

    def _assert_no_process_is_left(self, session: int) -> None:
        ends = time.monotonic() + _ORPHANS_END_WITHIN_S
        while left := self._processes(session):
            assert time.monotonic() < ends, f"left running: {left}"
            time.sleep(0.05)

    def _processes(self, session: int) -> list[str]:
        """Command lines of living processes of a session, or of this home by its folder."""
        mark = f"TMPDIR={self.home.temporary}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                state, *ids = (folder / "stat").read_text().rpartition(")")[2].split()
                ours = mark in (folder / "environ").read_bytes().split(b"\0")
                if state != "Z" and (ours or ids[2] == str(session)):
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found


@dataclass(frozen=True)
class Made:
    """Everything that is left in a home after its last run.

    Attributes:
        lake: Hash of each file of the lake by name, with its receipts.
        pages: Hash of each report page and of Data Docs by name.
        rows: Sorted rows of each table of each DuckDB file.
        names: Of all other files, with run ids and hashes of DuckDB files left out.
    """

    lake: dict[str, str]
    pages: dict[str, str]
    rows: dict[str, list[Any]]
    names: frozenset[str]

    @classmethod
    def of(cls, home: Home) -> "Made":
        """Look at a home."""
        lake, pages = home.settings.lake, (home.settings.reports, home.settings.data_docs)
        databases = sorted(home.settings.warehouse.glob("*.duckdb"))
        assert [path.name for path in databases if not vouched.is_vouched(path)] == []
        return cls(
            lake=_hashes(lake),
            pages={
                f"{folder.name}/{name}": digest
                for folder in pages
                for name, digest in _hashes(folder).items()
            },
            rows={key: rows for path in databases for key, rows in _dump(path)},
            names=frozenset(
                _masked(path.relative_to(home.root))
                for path in home.root.rglob("*")
                if path.is_file() and not path.is_relative_to(lake)
            ),
        )

    def differences(self, other: "Made") -> list[str]:
        """What is not as in `other`."""
        ours = {**self.lake, **self.pages, **self.rows}
        theirs = {**other.lake, **other.pages, **other.rows}
        return [
            *(key for key in sorted({*ours, *theirs}) if ours.get(key) != theirs.get(key)),
            *(f"unexpected {name}" for name in sorted(self.names - other.names)),
            *(f"missing {name}" for name in sorted(other.names - self.names)),
        ]


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _dump(path: Path) -> Iterator[tuple[str, list[Any]]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        for (table,) in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()
            yield f"{path.name}: {table}", sorted(rows, key=repr)


def _masked(name: Path) -> str:
    # Two builds of one DuckDB file differ in a few bytes, and so do the names of their receipts.
    run_less = _UUID.sub("*", name.as_posix())
    return _HASH.sub("*", run_less) if ".duckdb." in name.name else run_less


def assert_readable(home: Home) -> None:
    """Every partition is there whole or not at all: nothing has half a receipt."""
    lake = Lake(home.settings.lake, home.site)
    for contract in lake_of(home.site).values():
        for camera_day in lake.stored_days(contract.name):
            with contextlib.suppress(NotMaterialised):
                lake.read(contract, camera_day)


def assert_nothing_is_held(home: Home) -> None:
    """No file waits, no run is under way, and no place in a pool is taken."""
    pending = home.settings.lake / PENDING
    assert [path.name for path in pending.rglob("*")] == []
    with home.open() as instance:
        runs = instance.get_runs()
        assert [run.run_id for run in runs if run.status in _UNFINISHED] == []
        assert runs[0].status is DagsterRunStatus.SUCCESS
        pools = instance.event_log_storage
        for key in pools.get_concurrency_keys():
            info = pools.get_concurrency_info(key)
            assert (info.active_slot_count, info.pending_step_count) == (0, 0), key


class Clean:
    """What one run gives that nobody kills, and how long it takes."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def _result(self) -> tuple[Ended, Made]:
        self.run.lay_out()
        ended = self.run.to_the_end()
        assert_nothing_is_held(self.run.home)
        return ended, Made.of(self.run.home)

    @property
    def ended(self) -> Ended:
        """How it ended."""
        return self._result[0]

    @property
    def made(self) -> Made:
        """What it made."""
        return self._result[1]


def moments(clean: Clean, by_clock: int, by_operation: int, seed: int) -> Iterator[Moment]:
    """Random moments of a run's whole length: by the clock, then at its file operations."""
    drawn = random.Random(seed)
    for _ in range(by_clock):
        yield Seconds(drawn.uniform(0, clean.ended.seconds))
    operations = range(1, clean.ended.operations + 1)
    yield from map(Operation, drawn.sample(operations, min(by_operation, len(operations))))


def assert_kills_change_nothing(clean: Clean, moments: Iterable[Moment]) -> None:
    """Kill a run at each moment and run it again: what is there is what a clean run gives."""
    for number, moment in enumerate(moments, 1):
        died = _killed(clean.run, moment)
        print(f"{number}: {clean.run.job} of {clean.run.partition} killed {died}")  # noqa: T201
        assert_readable(clean.run.home)
        clean.run.to_the_end()
        assert Made.of(clean.run.home).differences(clean.made) == []
        assert_nothing_is_held(clean.run.home)


def _killed(run: Run, moment: Moment) -> Moment:
    """Kill a run at a moment, or a little sooner where it is faster than a clean one was."""
    run.lay_out()
    while not run.killed(moment):
        assert isinstance(moment, Seconds), f"it ended without file operation {moment.number}"
        moment = Seconds(0.9 * moment.seconds)
        run.lay_out()
    return moment
