"""Where things lie in a finished home, and how an insider writes there past the product.

Belongs here: forged partitions with valid receipts, connections to the databases, file names that
look as if they belonged. Does not belong here: leaks.
"""

import datetime as dt
import hashlib
import io
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import polars as pl

from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.privacy import wall
from footfall_dagster.privacy.wall import Refused
from tests.privacy.corpus.plants import Door
from tests.privacy.finished_home import Home
from vision.contracts import LAKE

DAY = dt.date(2026, 3, 13)
"""The trading day of the finished home."""

CAMERA_DAY = CameraDay(DAY, "cam_entrance")


def lake(home: Home) -> Lake:
    """The lake of the home."""
    return Lake(home.settings.lake, home.site)


def partition(home: Home, dataset: str) -> Path:
    """Folder of the dataset's partition of `CAMERA_DAY`."""
    return lake(home).folder(dataset, CAMERA_DAY)


def rows(home: Home, dataset: str) -> pl.DataFrame:
    """What the partition holds, read past the wall."""
    content = (partition(home, dataset) / wall.PART).read_bytes()
    return pl.read_parquet(io.BytesIO(content))


def forge(home: Home, dataset: str, content: bytes) -> None:
    """Put `content` in place of the partition with a receipt that vouches for it."""
    folder = partition(home, dataset)
    digest = hashlib.sha256(content).hexdigest()
    contract = LAKE[dataset]
    (before,) = folder.glob("*.receipt.json")
    frame = rows(home, dataset)
    source = lake(home).read_with_receipt(contract, CAMERA_DAY)[1].source
    receipt = wall.Receipt(
        dataset=dataset,
        partition=str(CAMERA_DAY),
        source=source,
        sha256=digest,
        bytes=len(content),
        rows=frame.height,
        contract=wall.fingerprint(contract),
    )
    before.unlink()
    (folder / wall.PART).write_bytes(content)
    (folder / f"{digest}.receipt.json").write_text(receipt.text)


def forge_frame(home: Home, dataset: str, frame: pl.DataFrame) -> None:
    """Put `frame` in place of the partition, encoded as the lake does, with a valid receipt."""
    forge(home, dataset, wall.encode(frame))


def refused_by_lake(dataset: str, made: Callable[[Home], pl.DataFrame]) -> Door:
    """The door of the lake: whether it refuses to write the frame that `made` makes."""

    def door(home: Home) -> bool:
        try:
            lake(home).write(LAKE[dataset], CAMERA_DAY, made(home))
        except Refused:
            return True
        return False

    return door


def vouch(path: Path) -> None:
    """Give the changed file the receipt that only the product should give."""
    for old in path.parent.glob(f"{path.name}.*.receipt"):
        old.unlink()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(f"{path.name}.{digest}.receipt").touch()


@contextmanager
def core(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writing connection to the exact marts."""
    with _marts(home.settings.warehouse / "core.duckdb") as connection:
        yield connection


@contextmanager
def published(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writing connection to the released marts."""
    with _marts(home.settings.warehouse / "published.duckdb") as connection:
        yield connection


@contextmanager
def _marts(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(path)) as connection:
        yield connection
    vouch(path)


def index(home: Home) -> Path:
    """The database of Dagster's events over all runs."""
    return home.dagster / "history" / "runs" / "index.db"


@contextmanager
def sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are kept, and which overwrites nothing that is deleted."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        yield connection
        connection.commit()


def run_folder(home: Home) -> Path:
    """The folder in which Dagster keeps the output of the latest run, if it captures it."""
    with sqlite(home.dagster / "history" / "runs.db") as connection:
        (run_id,) = connection.execute("SELECT run_id FROM runs ORDER BY id DESC").fetchone()
    folder = home.dagster / "storage" / str(run_id)
    (folder / "compute_logs").mkdir(parents=True, exist_ok=True)
    return folder
