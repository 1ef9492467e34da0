"""The rescan finds what was deleted wherever and however it lies, and nothing where it is gone."""

import base64
import datetime as dt
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from footfall_dagster import listing
from footfall_dagster.housekeeping import scrub
from footfall_dagster.lake import PENDING, Lake
from footfall_dagster.listing import Entry
from footfall_dagster.locks import locked
from footfall_dagster.privacy import rescan as rescanning
from footfall_dagster.privacy.findings import Evidence
from footfall_dagster.privacy.ledger import PurgeReceipt
from footfall_dagster.privacy.noninterference import proof_folder
from footfall_dagster.privacy.rescan import rescan
from tests.unit.odd_places import close
from tests.unit.small_mall import DAY, site

_DICE = random.Random()
FLOATS = np.array([_DICE.uniform(0, 1000) for _ in range(8)], dtype=np.float32)
FIGURES = FLOATS.tobytes()
WORD = "".join(_DICE.choices("abcdefghijklmnopqrstuvwxyz", k=24))
NOW = dt.datetime(2026, 3, 20, tzinfo=dt.UTC)


def looked(root: Path) -> Evidence:
    return rescan(
        Lake(root / "lake", site()), {"home": root}, NOW, canaries=(FIGURES, WORD.encode())
    )


def sqlite_row(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (v)")
        connection.execute("INSERT INTO t VALUES (?)", (FIGURES,))


def sqlite_free_page(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE t (v)")
        connection.execute("INSERT INTO t VALUES (?)", (WORD * 1000,))
        connection.execute("DROP TABLE t")


def duckdb_row(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        rows = pl.DataFrame({"edge": np.tile(FLOATS, 500)})
        connection.register("rows", rows)
        connection.execute("CREATE TABLE t AS SELECT edge::FLOAT AS edge FROM rows")


PLANTS: dict[str, Callable[[Path], object]] = {
    "bytes in a file": lambda path: path.write_bytes(b"before" + FIGURES + b"after"),
    "bytes across two chunks": lambda path: path.write_bytes(
        bytes(2**22 - 16) + FIGURES + bytes(99)
    ),
    "doubles": lambda path: path.write_bytes(b"x" + FLOATS.astype(np.float64).tobytes()),
    "hex": lambda path: path.write_text(f"v={FIGURES.hex()}"),
    "base64 at the start": lambda path: path.write_bytes(base64.b64encode(FIGURES)),
    "base64 one byte on": lambda path: path.write_bytes(base64.b64encode(b"a" + FIGURES)),
    "base64 two bytes on": lambda path: path.write_bytes(base64.b64encode(b"ab" + FIGURES)),
    "a word in a log": lambda path: path.write_text(f"saw {WORD} twice"),
    "a word in UTF-16": lambda path: path.write_text(WORD, encoding="utf-16"),
    "compressed floats of Parquet": lambda path: pl.DataFrame(
        {"edge": np.tile(FLOATS, 500)}
    ).write_parquet(path),
    "compressed doubles of Parquet": lambda path: pl.DataFrame(
        {"edge": np.tile(FLOATS, 500).astype(np.float64)}
    ).write_parquet(path),
    "compressed text of Parquet": lambda path: pl.DataFrame({"name": [WORD] * 500}).write_parquet(
        path
    ),
    "a row of SQLite": sqlite_row,
    "a free page of SQLite": sqlite_free_page,
    "rows of DuckDB": duckdb_row,
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
def test_a_canary_is_found(tmp_path: Path, plant: Callable[[Path], object]) -> None:
    (tmp_path / "lake").mkdir()
    assert looked(tmp_path).passed
    plant(tmp_path / "lake" / "notes.db")
    found = looked(tmp_path)
    assert {(one.file, one.kind) for one in found.findings} >= {("home/lake/notes.db", "canary")}
    # What was found is not told again.
    assert WORD not in repr(found)


def test_free_pages_that_hold_anything_are_remains(tmp_path: Path) -> None:
    sqlite_free_page(tmp_path / "history.db")
    found = rescan(Lake(tmp_path / "lake", site()), {"home": tmp_path}, NOW)
    assert {one.kind for one in found.findings} == {"remains"}


@pytest.mark.parametrize("name", ["core.duckdb.wal", "core.duckdb.building-7", "core.duckdb.tmp/a"])
def test_what_lies_beside_duckdb_is_a_leftover_unless_somebody_writes(
    tmp_path: Path, name: str
) -> None:
    left = tmp_path / "warehouse" / name
    left.parent.mkdir(parents=True)
    left.write_bytes(b"rows")
    lock = tmp_path / "warehouse" / "core.duckdb.lock"
    with locked(lock, timeout_s=0):
        assert looked(tmp_path).passed
    assert [one.kind for one in looked(tmp_path).findings] == ["leftover beside DuckDB"]


def test_what_a_killed_proof_left_is_found_and_swept_and_a_living_one_is_let_be(
    tmp_path: Path,
) -> None:
    with proof_folder.only_proof(tmp_path) as home:
        boxes = home / "lake" / "detections" / "part.parquet"
        boxes.parent.mkdir(parents=True)
        boxes.write_bytes(b"boxes")
        assert not proof_folder.is_left_over(tmp_path)
        assert proof_folder.swept(tmp_path) == 0
        assert boxes.exists()
        kept = tmp_path / "kept"
        home.rename(kept)
    # The lock of who is killed is free, and the folder is there.
    kept.rename(proof_folder.folder(tmp_path))
    assert [one.kind for one in looked(tmp_path).findings] == ["leftover of a proof"]
    assert proof_folder.swept(tmp_path) == 1
    assert looked(tmp_path).passed


def test_a_log_that_is_not_written_back_is_no_pass(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (v)")
        connection.executemany("INSERT INTO t VALUES (?)", [(WORD,)] * 99)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM t").fetchone()
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM t")
        assert WORD.encode() in path.read_bytes()
        found = rescan(Lake(tmp_path / "lake", site()), {"home": tmp_path}, NOW)
        assert [one.file for one in found.unread] == ["home/history.db-wal"]
    assert scrub(path)
    assert rescan(Lake(tmp_path / "lake", site()), {"home": tmp_path}, NOW).passed


def test_leftovers_before_the_wall_are_found(tmp_path: Path) -> None:
    pending = tmp_path / "lake" / PENDING
    pending.mkdir(parents=True)
    (pending / f"tracks-mall-{DAY}-cam_a.{'0' * 32}.parquet").write_bytes(b"boxes")
    assert [one.kind for one in looked(tmp_path).findings] == ["leftover"]


@pytest.mark.parametrize(
    "head", [b"PAR1", b"SQLite format 3\0", bytes(8) + b"DUCK"], ids=["Parquet", "SQLite", "DuckDB"]
)
def test_what_cannot_be_read_is_no_pass(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "broken").write_bytes(head + b" and no more" * 99)
    found = looked(tmp_path)
    assert not found.passed
    assert [one.file for one in found.unread] == ["home/broken"]


def test_a_file_of_the_same_size_is_no_copy(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", site())
    lake.ledger.told(
        lake.ledger.add(
            PurgeReceipt(
                dataset="tracks",
                partition=f"cam_a|{DAY}",
                sha256="0" * 64,
                bytes=5,
                rows=1,
                purged_at="2026-03-13T09:00:00Z",
                rule="tracks_hours=24",
            )
        )
    )
    (tmp_path / "other").write_bytes(b"other")
    assert looked(tmp_path).passed


MEANWHILE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a building file is swapped in": (
        "warehouse/core.duckdb.building-7",
        lambda path: path.rename(path.with_name("core.duckdb")),
    ),
    "a log is gone": ("history.db-wal", lambda path: path.unlink()),
    "a log is written back": ("history.db-wal", lambda path: path.write_bytes(b"")),
    "a database is gone": ("history.db", lambda path: path.unlink()),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_is_gone_by_the_time_that_it_is_looked_at_was_not_left_behind(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, change = MEANWHILE[what]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"rows")

    def overtaken(root: Path) -> list[Entry]:
        found = listing.listed(root)
        change(path)
        return found

    monkeypatch.setattr(rescanning, "listed", overtaken)
    found = looked(tmp_path)
    assert (found.findings, found.unread) == ((), ())


def test_a_folder_that_may_not_be_listed_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lake" / "gate_events").mkdir(parents=True)
    close(monkeypatch, tmp_path / "lake" / "gate_events")
    assert [one.file for one in looked(tmp_path).unread] == ["home/lake/gate_events"]
    close(monkeypatch, tmp_path)
    assert "home" in [one.file for one in looked(tmp_path).unread]
