"""The warehouse: marts in DuckDB files that are built aside and swapped in.

Belongs here: how rows get into `core.duckdb` and `published.duckdb`, and out of them. Does not
belong here: what the rows are (`assets.mart_contracts`, sql/) or who may see them
(`assets.release`).

A file is never written in place. DuckDB keeps deleted rows in its pages, and an open reader blocks
a writer; a fresh file has neither problem. Readers hold the old file until they close it.
"""

import datetime as dt
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb
import polars as pl

from assets.mart_contracts import MARTS, query
from assets.mart_schema import MartContract
from assets.release import NOTE, published
from assets.stores import Progress
from footfall_dagster.locks import locked
from footfall_dagster.privacy import vouched
from footfall_dagster.verdicts import FOLDER, Verdicts

_CORE_NOTE = "exact, restricted"

_Built = TypeVar("_Built")

Fill = Callable[[duckdb.DuckDBPyConnection, MartContract], None]
"""Inserts the day's rows of one mart into the table of its name in the file being built."""


class WarehouseError(RuntimeError):
    """The warehouse cannot be written or read; the message carries the remedy."""


@dataclass(frozen=True)
class DuckDBWarehouse:
    """Two DuckDB files that may hold several sites.

    Attributes:
        core: Exact figures, restricted.
        published: Figures that passed the release step.
        patience_s: How long a writer waits for another one.
    """

    core: Path
    published: Path
    patience_s: float = 120.0

    @classmethod
    def below(cls, folder: Path) -> "DuckDBWarehouse":
        """The warehouse whose files lie in `folder`."""
        return cls(core=folder / "core.duckdb", published=folder / "published.duckdb")

    def replace_day(
        self,
        site: str,
        day: dt.date,
        relations: Mapping[str, pl.DataFrame],
        marts: Sequence[MartContract],
        progress: Progress = print,
    ) -> dict[str, int]:
        """Compute the core rows of one site-day and swap them in; see `assets.stores`.

        Raises:
            LockTimeoutError: Another writer did not finish in time.
            WarehouseError: The file is open for writing in another program, or holds other columns
                than the contracts.
        """
        names = [mart.name for mart in marts]
        for name in names:
            self._verdicts.withdraw(name, site, day)

        def fill(connection: duckdb.DuckDBPyConnection, mart: MartContract) -> None:
            for name, relation in relations.items():
                connection.register(name, relation)
            # Names and texts come from the repository; what a site calls its gates is data.
            _insert(connection, mart, query(mart.name))
            for name in relations:
                connection.unregister(name)

        return self._replace(
            self.core, MARTS.values(), _CORE_NOTE, site, day, names, fill, progress
        )

    def publish_day(
        self,
        site: str,
        day: dt.date,
        released: Mapping[str, pl.DataFrame],
        progress: Progress = print,
    ) -> dict[str, int]:
        """Swap released rows of one site-day into the published file; see `replace_day`.

        Raises:
            WarehouseError: The exact rows have not passed their blocking checks as they are.
        """
        for name in released:
            if not self.is_checked(MARTS[name], site, day):
                raise WarehouseError(
                    f"{name} of {day} has not passed its blocking checks as it is, so nothing of "
                    "it is published; materialise it with its checks, or look why they fail"
                )

        def fill(connection: duckdb.DuckDBPyConnection, mart: MartContract) -> None:
            connection.register("released", released[mart.name])
            _insert(connection, mart, "SELECT * FROM released")
            connection.unregister("released")

        contracts = [published(mart) for mart in MARTS.values()]
        return self._replace(self.published, contracts, NOTE, site, day, released, fill, progress)

    def read_day(self, mart: MartContract, site: str, day: dt.date) -> pl.DataFrame:
        """Return the core rows of one site-day, sorted by the key."""
        return _read(self.core, mart, site, day)

    def read_published_day(self, mart: MartContract, site: str, day: dt.date) -> pl.DataFrame:
        """Return the released rows of one site-day, sorted by the key."""
        return _read(self.published, mart, site, day)

    def note_checked(self, mart: MartContract, site: str, day: dt.date, *, passed: bool) -> None:
        """Keep the verdict of the blocking checks on the core rows of one site-day."""
        if passed:
            self._verdicts.note(mart.name, site, day, self.read_day(mart, site, day))
        else:
            self._verdicts.withdraw(mart.name, site, day)

    def is_checked(self, mart: MartContract, site: str, day: dt.date) -> bool:
        """Whether the core rows of one site-day passed their blocking checks as they are."""
        return self._verdicts.stands(mart.name, site, day, self.read_day(mart, site, day))

    def verdict_on(self, mart: MartContract, site: str, day: dt.date) -> str:
        """Name of the file that says that the core rows of one site-day have passed."""
        rows = self.read_day(mart, site, day)
        return self._verdicts.path(mart.name, site, day, rows).name

    @property
    def _verdicts(self) -> Verdicts:
        return Verdicts(self.core.parent / FOLDER)

    def days(self, site: str) -> list[dt.date]:
        """Trading days of which either file holds rows of the site, sorted."""
        found: set[dt.date] = set()
        for path in (self.core, self.published):
            if not path.exists():
                continue
            with open_file(path, read_only=True) as connection:
                for mart in _tables(connection):
                    found |= {
                        day
                        for (day,) in connection.execute(
                            f"SELECT DISTINCT trading_day FROM {_name(mart)} WHERE site = $site",
                            {"site": site},
                        ).fetchall()
                    }
        return sorted(found)

    def forget(self, site: str, days: Collection[dt.date], progress: Progress = print) -> None:
        """Rebuild both files without the rows of some site-days; raises as `replace_day` does."""
        released = [published(mart) for mart in MARTS.values()]
        for path, contracts in ((self.core, list(MARTS.values())), (self.published, released)):
            if path.exists():
                build = partial(
                    _build_without,
                    path=path,
                    contracts=contracts,
                    label=self.label(path),
                    site=site,
                    days=days,
                )
                self._rebuild(path, build, progress)
        for day in days:
            for mart in MARTS:
                self._verdicts.withdraw(mart, site, day)

    def label(self, path: Path) -> str:
        """What the comments of the tables in one of the two files say of who may see them."""
        return _CORE_NOTE if path == self.core else NOTE

    def shown(self) -> dict[str, str]:
        """Paths of the two files."""
        return {"core": str(self.core), "published": str(self.published)}

    def _replace(
        self,
        path: Path,
        contracts: Iterable[MartContract],
        label: str,
        site: str,
        day: dt.date,
        replaced: Collection[str],
        fill: Fill,
        progress: Progress,
    ) -> dict[str, int]:
        return self._rebuild(
            path,
            lambda building: _build(
                building, path, list(contracts), label, site, day, replaced, fill
            ),
            progress,
        )

    def _rebuild(self, path: Path, build: Callable[[Path], _Built], progress: Progress) -> _Built:
        """Let `build` make a fresh file and swap it in for `path`, as the only writer."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # The kernel frees the lock when its holder dies, so a killed run blocks nobody.
        with locked(
            path.with_name(f"{path.name}.lock"),
            timeout_s=self.patience_s,
            on_wait=lambda waited_s: progress(
                f"{path.name} is being written by another run; waited {waited_s:.0f} s"
            ),
        ):
            _remove_leftovers(path)
            building = path.with_name(f"{path.name}.building-{os.getpid()}")
            try:
                built = build(building)
                _swap(building, path)
            finally:
                _remove_leftovers(path)
        return built


def _build_without(
    building: Path,
    path: Path,
    contracts: Sequence[MartContract],
    label: str,
    site: str,
    days: Collection[dt.date],
) -> None:
    with open_file(building, read_only=False) as connection:
        held = _attach(connection, path, contracts)
        for mart in contracts:
            _create(connection, mart, label)
            if mart.name in held:
                table = _name(mart.name)
                connection.execute(
                    f"INSERT INTO {table} SELECT * FROM old.{table} WHERE NOT "
                    "(site = $site AND list_contains($days::DATE[], trading_day))",
                    {"site": site, "days": list(days)},
                )
        connection.execute("DETACH old")
        connection.execute("CHECKPOINT")


def _build(
    building: Path,
    path: Path,
    contracts: Sequence[MartContract],
    label: str,
    site: str,
    day: dt.date,
    replaced: Collection[str],
    fill: Fill,
) -> dict[str, int]:
    rows = {}
    with open_file(building, read_only=False) as connection:
        held = _attach(connection, path, contracts)
        for mart in contracts:
            _create(connection, mart, label)
            if mart.name in held:
                _copy(connection, mart, site, day, "<" if mart.name in replaced else None)
            if mart.name in replaced:
                fill(connection, mart)
                rows[mart.name] = _count(connection, mart, site, day)
                if mart.name in held:
                    _copy(connection, mart, site, day, ">")
        if held:
            connection.execute("DETACH old")
        connection.execute("CHECKPOINT")
    return rows


def new_tables(contracts: Iterable[MartContract], label: str) -> duckdb.DuckDBPyConnection:
    """Tables without rows, in memory, as a file of this warehouse has them."""
    connection = duckdb.connect()
    for mart in contracts:
        _create(connection, mart, label)
    return connection


def open_file(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a file of the warehouse with the settings that all its queries rely on."""
    connection = duckdb.connect(str(path), read_only=read_only)
    connection.execute("SET TimeZone = 'UTC'")
    # A query sees the tables that it was given: no variable of Python's, nothing off the network.
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET autoinstall_known_extensions = false")
    return connection


def _attach(
    connection: duckdb.DuckDBPyConnection, path: Path, contracts: Sequence[MartContract]
) -> frozenset[str]:
    """Attach the file in use as `old`; return the marts that it holds."""
    if not path.exists():
        return frozenset()
    try:
        connection.execute(f"ATTACH {_text(str(path))} AS old (READ_ONLY)")
    except duckdb.IOException as error:
        raise WarehouseError(
            f"{path} cannot be read ({error}). If another program has it open for writing, close "
            "it there or open it read-only (`duckdb -readonly`); readers never block a writer"
        ) from error
    held: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'old' AND NOT internal ORDER BY table_name, column_index"
    ).fetchall():
        held.setdefault(table, []).append((column, kind))
    wanted = {
        mart.name: [(column.name, column.duckdb_type) for column in mart.columns]
        for mart in contracts
    }
    for table, columns in held.items():
        if table not in wanted:
            raise WarehouseError(
                f"{path} holds {table!r}, which is no mart. The file is rebuilt at every write, so "
                "it would be lost: move it into a file of your own, which can ATTACH this one"
            )
        if columns != wanted[table]:
            raise WarehouseError(
                f"table {table} of {path} has other columns than its contract: "
                f"{_difference(columns, wanted[table])}. It was written by another version: move "
                "the file aside, then materialise the site-day marts of its days again"
            )
    return frozenset(held)


def _difference(held: Sequence[tuple[str, str]], wanted: Sequence[tuple[str, str]]) -> str:
    extra = [f"unknown {name} {kind}" for name, kind in held if (name, kind) not in wanted]
    absent = [f"missing {name} {kind}" for name, kind in wanted if (name, kind) not in held]
    return ", ".join(extra + absent) or "another order"


def _create(connection: duckdb.DuckDBPyConnection, mart: MartContract, label: str) -> None:
    columns = ", ".join(
        f"{_name(column.name)} {column.duckdb_type}{'' if column.nullable else ' NOT NULL'}"
        for column in mart.columns
    )
    connection.execute(f"CREATE TABLE {_name(mart.name)} ({columns})")
    connection.execute(
        f"COMMENT ON TABLE {_name(mart.name)} IS "
        + _text(f"{mart.description} One row: {mart.grain}. {label[:1].upper()}{label[1:]}.")
    )
    for column in mart.columns:
        connection.execute(
            f"COMMENT ON COLUMN {_name(mart.name)}.{_name(column.name)} IS "
            + _text(f"{column.description}" + (f" [{column.unit}]" if column.unit else ""))
        )


def _copy(
    connection: duckdb.DuckDBPyConnection,
    mart: MartContract,
    site: str,
    day: dt.date,
    side: str | None,
) -> None:
    """Copy rows of the old file in their order: all, or those before or after the site-day."""
    table = _name(mart.name)
    if side is None:
        connection.execute(f"INSERT INTO {table} SELECT * FROM old.{table}")
        return
    connection.execute(
        f"INSERT INTO {table} SELECT * FROM old.{table} "
        f"WHERE (trading_day, site) {side} ($day::DATE, $site::VARCHAR)",
        {"day": day, "site": site},
    )


def _insert(connection: duckdb.DuckDBPyConnection, mart: MartContract, select: str) -> None:
    connection.execute(
        f"INSERT INTO {_name(mart.name)} BY NAME SELECT * FROM ({select}\n) "
        f"ORDER BY {', '.join(map(_name, mart.key))}"
    )


def _count(
    connection: duckdb.DuckDBPyConnection, mart: MartContract, site: str, day: dt.date
) -> int:
    row = connection.execute(
        f"SELECT count(*) FROM {_name(mart.name)} WHERE trading_day = $day AND site = $site",
        {"day": day, "site": site},
    ).fetchone()
    return int(row[0]) if row else 0


def _read(path: Path, mart: MartContract, site: str, day: dt.date) -> pl.DataFrame:
    if not path.exists():
        return mart.empty()
    with open_file(path, read_only=True) as connection:
        known = connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = $name", {"name": mart.name}
        ).fetchone()
        if not known or not known[0]:
            return mart.empty()
        frame = connection.execute(
            f"SELECT * FROM {_name(mart.name)} WHERE trading_day = $day AND site = $site "
            f"ORDER BY {', '.join(map(_name, mart.key))}",
            {"day": day, "site": site},
        ).pl()
    return frame.cast(dict(mart.schema))  # type: ignore[arg-type]


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
    return [name for (name,) in found if name in MARTS]


def _swap(building: Path, path: Path) -> None:
    with building.open("rb") as file:
        os.fsync(file.fileno())
    # Another program may have left changes beside the file; they belong to the one that goes.
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    vouched.place(building, path)


def _remove_leftovers(path: Path) -> None:
    """Remove what a dead writer left: only the holder of the lock builds, so none is alive."""
    for leftover in path.parent.glob(f"{path.name}.building-*"):
        if leftover.is_dir():
            for spilled in leftover.iterdir():
                spilled.unlink()
            leftover.rmdir()
        else:
            leftover.unlink(missing_ok=True)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
