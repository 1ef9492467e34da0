"""One DuckLake: attached, written in transactions, and its files kept in hand.

Belongs here: what holds for any tables in DuckLake. Does not belong here: marts
(`footfall_dagster.mart_lake`), whoever may ask anything (`footfall_dagster.mart_objects`).
"""

import datetime as dt
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import duckdb

from assets.marts.queries import connected
from footfall_dagster.locks import locked
from footfall_dagster.mart_tables import WarehouseError, literal, quoted
from footfall_dagster.store import StorePath

_T = TypeVar("_T")
_EXTENSIONS = ("httpfs", "postgres_scanner", "ducklake")
_TRIES, _PAUSE_S = 8, 0.2
_MAKING_S = 60.0
_GONE = 404
_READS_ON = dt.timedelta(hours=1)
"""For how long a file stays that was merged into another: somebody may be reading it."""


@dataclass(frozen=True, slots=True)
class DuckLake:
    """One DuckLake.

    Attributes:
        name: Of the catalogue's schema in PostgreSQL, and of the folder of rows.
        catalog: Address of the PostgreSQL database.
        root: Folder or prefix below which the rows lie.
    """

    name: str
    catalog: str
    root: StorePath

    @property
    def where(self) -> StorePath:
        """Where the rows lie."""
        return self.root / self.name

    @property
    def is_there(self) -> bool:
        """Whether a catalogue was ever made.

        Raises:
            WarehouseError: PostgreSQL does not answer.
        """
        import psycopg2

        try:
            with closing(psycopg2.connect(self.catalog, connect_timeout=5)) as connection:
                cursor = connection.cursor()
                cursor.execute("SELECT to_regclass(%s)", [f"{self.name}.ducklake_snapshot"])
                row = cursor.fetchone()
        except psycopg2.Error as error:
            raise unreachable(self.name, error) from None
        return bool(row and row[0])

    @contextmanager
    def opened(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that knows the tables by their names.

        Raises:
            WarehouseError: PostgreSQL or the bucket does not answer.
        """
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
                raise unreachable(self.name, error) from None
            connection.execute(f"USE {quoted(self.name)}")
            try:
                yield connection
            except (duckdb.IOException, duckdb.HTTPException) as error:
                raise unreachable(self.name, error) from None

    def tried(self, work: Callable[[duckdb.DuckDBPyConnection], _T]) -> _T:
        """Do something on a fresh connection, again where another writer came in between.

        Raises:
            LockTimeoutError: Another writer did not finish making the catalogue in time.
            WarehouseError: Others came in between each time, or something does not answer.
        """
        self._make_catalogue()
        for number in range(1, _TRIES + 1):
            with self.opened() as connection:
                try:
                    return work(connection)
                except (duckdb.TransactionException, duckdb.HTTPException) as met:
                    if not _is_of_others(met):
                        raise
                    if number == _TRIES:
                        raise WarehouseError(
                            f"{self.name} was changed by other runs at each of {_TRIES} tries "
                            f"({type(met).__name__}); run this again when fewer run"
                        ) from None
            # Not all at the same time again.
            time.sleep(random.uniform(0, _PAUSE_S * 2**number))
        raise AssertionError("the last try returns or raises")

    def _make_catalogue(self) -> None:
        """Make the catalogue where there is none, which fails for all but one who try at once."""
        if self.is_there:
            return
        making = locked(self.where / "catalogue", timeout_s=_MAKING_S, on_wait=lambda _: None)
        with making, self.opened():
            pass

    def merge(self, kept: dt.timedelta) -> None:
        """Write files anew of which rows were deleted, merge small ones, let go of old snapshots.

        A file with deleted rows is merged with none, so that goes first. Readers of files that
        were merged are given an hour, or `kept` where that is less.
        """
        self._written_anew()
        self.tried(
            lambda connection: connection.execute(
                f"CALL ducklake_merge_adjacent_files({literal(self.name)})"
            ).fetchall()
        )
        self._let_go(kept, min(kept, _READS_ON))

    def forget_deleted(self) -> None:
        """Leave no byte of rows that were deleted or replaced: every earlier snapshot goes."""
        self._written_anew()
        self._let_go(dt.timedelta(), dt.timedelta())

    def files(self, connection: duckdb.DuckDBPyConnection) -> set[str]:
        """Where every file lies that the catalogue knows of, in whatever snapshot."""
        metadata = f"{quoted(f'__ducklake_metadata_{self.name}')}.{quoted(self.name)}"
        known = set[str]()
        for kind in ("data", "delete"):
            known |= {
                str(path)
                for (path,) in connection.execute(
                    f"SELECT CASE WHEN file.path_is_relative THEN concat({literal(str(self.where))}"
                    ", '/', schema.path, tables.path, file.path) ELSE file.path END "
                    f"FROM {metadata}.ducklake_{kind}_file AS file "
                    f"JOIN {metadata}.ducklake_table AS tables USING (table_id) "
                    f"JOIN {metadata}.ducklake_schema AS schema USING (schema_id)"
                ).fetchall()
            }
        return known | self._let_go_of(connection, metadata)

    def _let_go_of(self, connection: duckdb.DuckDBPyConnection, metadata: str) -> set[str]:
        """Where files lie that are of no snapshot any more and are not deleted yet."""
        return {
            str(path)
            for (path,) in connection.execute(
                f"SELECT CASE WHEN path_is_relative THEN concat({literal(str(self.where))}, '/', "
                f"path) ELSE path END FROM {metadata}.ducklake_files_scheduled_for_deletion"
            ).fetchall()
        }

    def _written_anew(self) -> None:
        # What was deleted of a file is only marked so, until the file is written anew.
        self.tried(
            lambda connection: connection.execute(
                f"CALL ducklake_rewrite_data_files({literal(self.name)}, delete_threshold => 0)"
            ).fetchall()
        )

    def _let_go(self, kept: dt.timedelta, files_kept: dt.timedelta) -> None:
        """Let go of snapshots that are older, and delete files that have been of none for long."""

        def let_go(connection: duckdb.DuckDBPyConnection) -> None:
            name = literal(self.name)
            connection.execute(
                f"CALL ducklake_expire_snapshots({name}, older_than => {_before(kept)})"
            )
            which = f"older_than => {_before(files_kept)}" if files_kept else "cleanup_all => true"
            connection.execute(f"CALL ducklake_cleanup_old_files({name}, {which})")

        self.tried(let_go)


def unreachable(name: str, error: Exception) -> WarehouseError:
    """What is to be said where PostgreSQL or the bucket does not answer."""
    return WarehouseError(
        f"the marts {name} cannot be reached ({type(error).__name__}): see that PostgreSQL "
        "(FOOTFALL_CATALOG) and the bucket (FOOTFALL_STORE) answer; `footfall doctor` tries both"
    )


def _is_of_others(error: duckdb.Error) -> bool:
    """Whether another writer changed, or deleted, what this one had begun to read."""
    return not isinstance(error, duckdb.HTTPException) or error.status_code == _GONE


def _before(span: dt.timedelta) -> str:
    return f"now() - INTERVAL {int(span.total_seconds())} SECOND"


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
