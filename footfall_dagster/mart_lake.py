"""Marts in DuckLake: rows in a bucket, their catalogue in PostgreSQL, many writers at a time.

Belongs here: one such place of marts, its transactions, and forgetting in it. Does not belong here:
which rows get there (`footfall_dagster.warehouse`), what the tables are
(`footfall_dagster.mart_tables`).

Each site-day is written in a transaction under a lock of its own, so different days are written
side by side; where two meet in one file all the same, one of them is tried again. What was replaced
stays readable in earlier snapshots until `tidy` or `take_out` lets them go.
"""

import datetime as dt
import random
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import duckdb
import polars as pl

from assets.marts.contracts import MARTS
from assets.marts.queries import connected
from assets.marts.schema import MartContract
from assets.storage import Progress
from footfall_dagster.locks import locked
from footfall_dagster.mart_files import Fill
from footfall_dagster.mart_rows import days_in, rows_in
from footfall_dagster.mart_tables import (
    WarehouseError,
    columns_of,
    count_rows,
    create,
    held_columns,
    literal,
    quoted,
)
from footfall_dagster.privacy import vouched
from footfall_dagster.store import StorePath

_T = TypeVar("_T")
_EXTENSIONS = ("httpfs", "postgres_scanner", "ducklake")
_TRIES, _PAUSE_S = 8, 0.2
_CONFLICTS = (duckdb.TransactionException,)
"""Of writers that meet. Those that make tables also find that another one has made them."""
_KEPT_SNAPSHOTS = dt.timedelta(days=7)
"""For how long one may look back at what was replaced since."""


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
    def where(self) -> StorePath:
        """Where the rows lie."""
        return self.root / self.name

    @property
    def shown(self) -> str:
        """See `footfall_dagster.mart_store.Marts`."""
        return f"DuckLake {self.name}, rows in {self.where}"

    @property
    def is_there(self) -> bool:
        """See `footfall_dagster.mart_store.Marts`."""
        import psycopg2

        try:
            with closing(psycopg2.connect(self.catalog, connect_timeout=5)) as connection:
                cursor = connection.cursor()
                cursor.execute("SELECT to_regclass(%s)", [f"{self.name}.ducklake_snapshot"])
                row = cursor.fetchone()
        except psycopg2.Error as error:
            raise WarehouseError(_unreachable(self.name, error)) from None
        return bool(row and row[0])

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

        def write(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
            for name, rows in relations.items():
                connection.register(name, rows)
            counted = {}
            for mart in (one for one in self.contracts if one.name in replaced):
                _delete(connection, mart, site, [day])
                fill(connection, mart)
                counted[mart.name] = count_rows(connection, mart, site, day)
            return counted

        with locked(
            self.where / f"site={site}" / str(day),
            timeout_s=self.patience_s,
            on_wait=lambda waited_s: progress(
                f"{self.name} of {day} is being written by another run; waited {waited_s:.0f} s"
            ),
        ):
            self._make_tables()
            return self._in_transaction(write)

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
            for mart in (one for one in self.contracts if one.name in held):
                if days := gone.get(mart.name):
                    _delete(connection, mart, site, days)

        self._in_transaction(write)
        with self._open() as connection:
            # What was deleted of a file is only marked so, until the file is written anew.
            connection.execute(
                f"CALL ducklake_rewrite_data_files({literal(self.name)}, delete_threshold => 0)"
            )
            _let_go(connection, self.name, dt.timedelta())

    def read_days(
        self, marts: Sequence[MartContract], site: str, days: Collection[dt.date]
    ) -> dict[str, pl.DataFrame]:
        """See `footfall_dagster.mart_store.Marts`."""
        found = {mart.name: mart.empty() for mart in marts}
        if not days or not self.is_there:
            return found
        with self._open(read_only=True) as connection:
            held = held_columns(connection, self.name)
            for mart in (one for one in marts if one.name in held):
                selected = columns_of(self.where, mart, held[mart.name])
                found[mart.name] = rows_in(connection, mart, selected, site, days)
        return found

    def days(self, site: str) -> set[dt.date]:
        """See `footfall_dagster.mart_store.Marts`."""
        if not self.is_there:
            return set()
        with self._open(read_only=True) as connection:
            held = held_columns(connection, self.name)
            return days_in(connection, [name for name in MARTS if name in held], site)

    def tidy(self, kept: dt.timedelta = _KEPT_SNAPSHOTS) -> None:
        """Merge small files, and let go of snapshots that are older than `kept`."""
        if not self.is_there:
            return
        with self._open() as connection:
            connection.execute(f"CALL ducklake_merge_adjacent_files({literal(self.name)})")
            _let_go(connection, self.name, kept)

    @contextmanager
    def as_file(self, named: Collection[str] | None = None) -> Iterator[Path]:
        """See `footfall_dagster.mart_store.Marts`: a copy, for as long as the context lasts.

        Whoever asks anything at all, asks a file that leads nowhere: not to PostgreSQL, nor to the
        bucket, whose keys this process holds.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{self.name}.duckdb"
            if self.is_there:
                building = path.with_suffix(".building")
                with self._open(read_only=True) as connection:
                    self._copy(connection, building, named)
                vouched.place(building, path)
            yield path

    def _copy(
        self,
        connection: duckdb.DuckDBPyConnection,
        path: Path,
        named: Collection[str] | None,
    ) -> None:
        held = held_columns(connection, self.name)
        with connected(path) as file:
            for mart in (one for one in self.contracts if one.name in held):
                create(file, mart, self.label)
        connection.execute(f"ATTACH {literal(str(path))} AS copy")
        for mart in (one for one in self.contracts if one.name in held):
            if named is None or mart.name in named:
                selected = columns_of(self.where, mart, held[mart.name])
                connection.execute(
                    f"INSERT INTO copy.{quoted(mart.name)} SELECT {selected} "
                    f"FROM {quoted(mart.name)} ORDER BY {', '.join(map(quoted, mart.key))}"
                )
        connection.execute("DETACH copy")

    @contextmanager
    def opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that reads the marts by their names, and writes nothing."""
        with self._open(read_only=True) as connection:
            yield connection

    def files(self, connection: duckdb.DuckDBPyConnection) -> set[str]:
        """Where every file lies that the catalogue knows of, in whatever snapshot."""
        known = set[str]()
        for kind in ("data", "delete"):
            known |= {
                str(path)
                for (path,) in connection.execute(
                    f"SELECT CASE WHEN file.path_is_relative THEN concat({literal(str(self.where))}"
                    ", '/', schema.path, tables.path, file.path) ELSE file.path END "
                    f"FROM {_metadata(self.name)}.ducklake_{kind}_file AS file "
                    f"JOIN {_metadata(self.name)}.ducklake_table AS tables USING (table_id) "
                    f"JOIN {_metadata(self.name)}.ducklake_schema AS schema USING (schema_id)"
                ).fetchall()
            }
        return known

    def _make_tables(self) -> None:
        """Make what tables and columns are lacking; another writer may do so at the same time."""

        def make(connection: duckdb.DuckDBPyConnection) -> None:
            held = held_columns(connection, self.name)
            for mart in self.contracts:
                if mart.name not in held:
                    create(connection, mart, self.label)
                    continue
                columns_of(self.where, mart, held[mart.name])
                for column in mart.columns:
                    if (column.name, column.duckdb_type) not in held[mart.name]:
                        connection.execute(
                            f"ALTER TABLE {quoted(mart.name)} ADD COLUMN {quoted(column.name)} "
                            f"{column.duckdb_type}"
                        )

        self._tried(make, (*_CONFLICTS, duckdb.CatalogException))

    def _in_transaction(self, write: Callable[[duckdb.DuckDBPyConnection], _T]) -> _T:
        def once(connection: duckdb.DuckDBPyConnection) -> _T:
            connection.execute("BEGIN")
            done = write(connection)
            connection.execute("COMMIT")
            return done

        return self._tried(once)

    def _tried(
        self,
        work: Callable[[duckdb.DuckDBPyConnection], _T],
        conflicts: tuple[type[duckdb.Error], ...] = _CONFLICTS,
    ) -> _T:
        """Do something on a fresh connection, again where another writer came in between."""
        for number in range(1, _TRIES + 1):
            with self._open() as connection:
                try:
                    return work(connection)
                except conflicts as conflict:
                    if number == _TRIES:
                        raise WarehouseError(
                            f"{self.name} was changed by other runs at each of {_TRIES} tries "
                            f"({type(conflict).__name__}); run this again when fewer run"
                        ) from None
            # Not all at the same time again.
            time.sleep(random.uniform(0, _PAUSE_S * 2**number))
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def _open(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        with connected() as connection:
            for extension in _EXTENSIONS:
                connection.execute(f"LOAD {literal(str(_extension(extension)))}")
            options = ["METADATA_SCHEMA " + literal(self.name), "DATA_INLINING_ROW_LIMIT 0"]
            options += ["DATA_PATH " + literal(str(self.where))]
            options += ["READ_ONLY"] if read_only else []
            try:
                if not isinstance(self.where, Path):
                    connection.execute(_secret(self.where))
                connection.execute(
                    f"ATTACH {literal('ducklake:postgres:' + self.catalog)} AS "
                    f"{quoted(self.name)} ({', '.join(options)})"
                )
            except duckdb.Error as error:
                # Its words quote the address, and may quote keys.
                raise WarehouseError(_unreachable(self.name, error)) from None
            connection.execute(f"USE {quoted(self.name)}")
            try:
                yield connection
            except (duckdb.IOException, duckdb.HTTPException) as error:
                raise WarehouseError(_unreachable(self.name, error)) from None


def _delete(
    connection: duckdb.DuckDBPyConnection, mart: MartContract, site: str, days: Collection[dt.date]
) -> None:
    connection.execute(
        f"DELETE FROM {quoted(mart.name)} WHERE site = $site "
        "AND list_contains($days::DATE[], trading_day)",
        {"site": site, "days": sorted(days)},
    )


def _let_go(connection: duckdb.DuckDBPyConnection, name: str, kept: dt.timedelta) -> None:
    """Let go of snapshots that are older, and delete the files that are of no other."""
    seconds = int(kept.total_seconds())
    connection.execute(
        f"CALL ducklake_expire_snapshots({literal(name)}, "
        f"older_than => now() - INTERVAL {seconds} SECOND)"
    )
    connection.execute(f"CALL ducklake_cleanup_old_files({literal(name)}, cleanup_all => true)")


def _extension(name: str) -> Path:
    """The file of an extension, from the package that carries it: nothing is ever downloaded."""
    package = find_spec(f"duckdb_extension_{name}")
    places = package.submodule_search_locations if package else None
    file = f"{name}.duckdb_extension"
    for place in places or ():
        path = Path(place) / "extensions" / f"v{duckdb.__version__}" / file
        if path.is_file():
            return path
    raise WarehouseError(
        f"DuckDB {duckdb.__version__} has no extension {name} here; run pip install "
        "'footfall-dagster[grown]', which brings DuckDB and its extensions of one version"
    )


def _metadata(name: str) -> str:
    """The schema of the catalogue's own tables."""
    return f"{quoted(f'__ducklake_metadata_{name}')}.{quoted(name)}"


def _secret(where: Any) -> str:
    """How DuckDB is let into the bucket: with the keys that every other client finds."""
    from botocore.session import Session  # type: ignore[import-untyped]

    session = Session()
    found = session.get_credentials()
    told = {"TYPE": "s3", "REGION": session.get_config_variable("region") or "us-east-1"}
    if found is not None:
        keys = found.get_frozen_credentials()
        told |= {"KEY_ID": keys.access_key, "SECRET": keys.secret_key}
        told |= {"SESSION_TOKEN": keys.token} if keys.token else {}
    endpoint = where.fs.client_kwargs.get("endpoint_url") or where.fs.endpoint_url
    if endpoint:
        parts = urlsplit(endpoint)
        told |= {"ENDPOINT": parts.netloc, "URL_STYLE": "path"}
        told |= {"USE_SSL": "true" if parts.scheme == "https" else "false"}
    options = ", ".join(f"{name} {literal(str(value))}" for name, value in told.items())
    return f"CREATE SECRET ({options})"


def _unreachable(name: str, error: Exception) -> str:
    return (
        f"the marts {name} cannot be reached ({type(error).__name__}): see that PostgreSQL "
        "(FOOTFALL_CATALOG) and the bucket (FOOTFALL_STORE) answer; `footfall doctor` tries both"
    )
