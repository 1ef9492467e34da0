"""Marts in DuckLake: rows in a bucket, their catalogue in PostgreSQL, many writers at a time.

Belongs here: one such place of marts: placing, reading and forgetting days of it. Does not belong
here: which rows get there (`footfall_dagster.warehouse`), what the tables are
(`footfall_dagster.mart_tables`), transactions and files (`footfall_dagster.ducklake`).

Each site-day is written in a transaction under a lock of its own, so different days are written
side by side; where two meet in one file all the same, one of them is tried again. Files are by
month, so that small ones are merged into few while a day that is replaced or forgotten costs the
files of its month. What was replaced stays readable in earlier snapshots until `tidy` or `take_out`
lets them go.
"""

import datetime as dt
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from assets.marts.contracts import MARTS
from assets.marts.queries import connected
from assets.marts.schema import MartContract
from assets.storage import Progress
from footfall_dagster import mart_objects
from footfall_dagster.ducklake import DuckLake
from footfall_dagster.locks import locked
from footfall_dagster.mart_files import Fill
from footfall_dagster.mart_rows import days_in, rows_in
from footfall_dagster.mart_tables import (
    columns_of,
    count_rows,
    create,
    delete_days,
    held_columns,
    literal,
    quoted,
)
from footfall_dagster.privacy import vouched
from footfall_dagster.store import StorePath

_KEPT_SNAPSHOTS = dt.timedelta(days=7)
"""For how long one may look back at what was replaced since."""
_BY_MONTH = "year(trading_day), month(trading_day)"


@dataclass(frozen=True, slots=True)
class LakeMarts:
    """Marts in one DuckLake.

    Attributes:
        name: Of the catalogue's schema in PostgreSQL, and of the folder of rows.
        label: What the comments of its tables say of who may see them.
        contracts: Of the marts.
        catalog: Address of the PostgreSQL database.
        root: Folder or prefix below which the rows lie.
        patience_s: How long a writer waits for another one of the same site-day.
    """

    name: str
    label: str
    contracts: Sequence[MartContract]
    catalog: str
    root: StorePath
    patience_s: float = 120.0

    @property
    def lake(self) -> DuckLake:
        """The DuckLake, whatever is in it."""
        return DuckLake(self.name, self.catalog, self.root)

    @property
    def where(self) -> StorePath:
        """Where the rows lie."""
        return self.lake.where

    @property
    def shown(self) -> str:
        """See `footfall_dagster.mart_store.Marts`."""
        return f"DuckLake {self.name}, rows in {self.where}"

    @property
    def is_there(self) -> bool:
        """See `footfall_dagster.mart_store.Marts`."""
        return self.lake.is_there

    def replace(
        self,
        site: str,
        day: dt.date,
        replaced: Collection[str],
        relations: Mapping[str, pl.DataFrame],
        fill: Fill,
        progress: Progress,
    ) -> dict[str, int]:
        """See `footfall_dagster.mart_store.Marts`; one transaction."""
        marts = [mart for mart in self.contracts if mart.name in replaced]

        def write(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
            self._make_tables(connection)
            for name, rows in relations.items():
                connection.register(name, rows)
            connection.execute("BEGIN")
            for mart in marts:
                delete_days(connection, mart, site, [day])
                fill(connection, mart)
            counted = count_rows(connection, marts, site, day)
            connection.execute("COMMIT")
            return counted

        with locked(
            self.where / f"site={site}" / str(day),
            timeout_s=self.patience_s,
            on_wait=lambda waited_s: progress(
                f"{self.name} of {day} is being written by another run; waited {waited_s:.0f} s"
            ),
        ):
            return self.lake.tried(write)

    def take_out(
        self,
        site: str,
        gone: Mapping[str, Collection[dt.date]],
        progress: Progress,
    ) -> None:
        """See `footfall_dagster.mart_store.Marts`; earlier snapshots go as well."""
        del progress
        if not self.is_there:
            return

        def write(connection: duckdb.DuckDBPyConnection) -> None:
            held = held_columns(connection, self.name)
            connection.execute("BEGIN")
            for mart in (one for one in self.contracts if one.name in held):
                if days := gone.get(mart.name):
                    delete_days(connection, mart, site, days)
            connection.execute("COMMIT")

        self.lake.tried(write)
        self.lake.forget_deleted()

    def read_days(
        self, marts: Sequence[MartContract], site: str, days: Collection[dt.date]
    ) -> dict[str, pl.DataFrame]:
        """See `footfall_dagster.mart_store.Marts`."""
        found = {mart.name: mart.empty() for mart in marts}
        if not days or not self.is_there:
            return found
        with self.opened() as connection:
            held = held_columns(connection, self.name)
            for mart in (one for one in marts if one.name in held):
                selected = columns_of(self.where, mart, held[mart.name])
                found[mart.name] = rows_in(connection, mart, selected, site, days)
        return found

    def days(self, site: str) -> set[dt.date]:
        """See `footfall_dagster.mart_store.Marts`."""
        if not self.is_there:
            return set()
        with self.opened() as connection:
            held = held_columns(connection, self.name)
            return days_in(connection, [name for name in MARTS if name in held], site)

    def tidy(self, kept: dt.timedelta = _KEPT_SNAPSHOTS) -> None:
        """See `footfall_dagster.mart_store.Marts`; snapshots that are older than `kept` go."""
        if self.is_there:
            self.lake.merge(kept)

    def asked(self, named: Collection[str]) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """See `footfall_dagster.mart_store.Marts`: of copies of its files."""
        return mart_objects.of(self.lake, self.contracts, self.label, named)

    @contextmanager
    def as_file(self, named: Collection[str]) -> Iterator[Path]:
        """See `footfall_dagster.mart_store.Marts`: a copy, for as long as the context lasts."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{self.name}.duckdb"
            if self.is_there:
                building = path.with_suffix(".building")
                with self.opened() as connection:
                    self._copy(connection, building, named)
                vouched.place(building, path)
            yield path

    def _copy(
        self, connection: duckdb.DuckDBPyConnection, path: Path, named: Collection[str]
    ) -> None:
        held = held_columns(connection, self.name)
        with connected(path) as file:
            create(file, [mart for mart in self.contracts if mart.name in held], self.label)
        connection.execute(f"ATTACH {literal(str(path))} AS copy")
        for mart in (one for one in self.contracts if one.name in held and one.name in named):
            selected = columns_of(self.where, mart, held[mart.name])
            connection.execute(
                f"INSERT INTO copy.{quoted(mart.name)} SELECT {selected} "
                f"FROM {quoted(mart.name)} ORDER BY {', '.join(map(quoted, mart.key))}"
            )
        connection.execute("DETACH copy")

    def opened(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A connection that reads the marts by their names, and writes nothing."""
        return self.lake.opened(read_only=True)

    def files(self, connection: duckdb.DuckDBPyConnection) -> set[str]:
        """Where every file lies that the catalogue knows of, in whatever snapshot."""
        return self.lake.files(connection)

    def _make_tables(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make what tables and columns are lacking; another writer may do so at the same time."""
        held = held_columns(connection, self.name)
        lacking = [mart for mart in self.contracts if mart.name not in held]
        try:
            if lacking:
                create(connection, lacking, self.label, partitioned_by=_BY_MONTH)
            for mart in (one for one in self.contracts if one.name in held):
                columns_of(self.where, mart, held[mart.name])
                for column in mart.columns:
                    if (column.name, column.duckdb_type) not in held[mart.name]:
                        connection.execute(
                            f"ALTER TABLE {quoted(mart.name)} ADD COLUMN {quoted(column.name)} "
                            f"{column.duckdb_type}"
                        )
        except duckdb.CatalogException as made:
            # So it has, and this one looks again.
            raise duckdb.TransactionException(str(made)) from None
