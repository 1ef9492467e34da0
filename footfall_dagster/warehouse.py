"""The warehouse: exact marts in one place, released marts in another.

Belongs here: which rows get into `core` and `published`, and out of them. Does not belong here: the
places (`footfall_dagster.mart_store`, `footfall_dagster.mart_lake`), what the rows are
(`assets.marts.contracts`, sql/) or who may see them (`assets.marts.release`).
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from assets.marts.contracts import MARTS
from assets.marts.queries import versioned_query
from assets.marts.release import NOTE, published
from assets.marts.schema import MartContract
from assets.storage import Progress
from footfall_dagster import mart_tables
from footfall_dagster.mart_lake import LakeMarts
from footfall_dagster.mart_store import FileMarts, Marts
from footfall_dagster.mart_tables import WarehouseError
from footfall_dagster.noise_ledger import FOLDER as NOISE
from footfall_dagster.noise_ledger import FolderNoiseLedger
from footfall_dagster.settings import Settings
from footfall_dagster.store import StorePath
from footfall_dagster.verdicts import FOLDER, Verdicts
from footfall_dagster.withdrawn import FOLDER as WITHDRAWN_FOLDER
from footfall_dagster.withdrawn import Withdrawn, telling_of

_CORE_NOTE = "exact, restricted"
_EXACT = list(MARTS.values())
_RELEASED = [published(mart) for mart in _EXACT]


class Warehouse:
    """Exact and released marts of several sites, and what is kept beside the exact ones.

    Attributes:
        exact: Exact figures, restricted.
        released: Figures that passed the release step.
        beside: Folder of verdicts, draws and withdrawn days.
    """

    def __init__(self, exact: Marts, released: Marts, beside: StorePath) -> None:
        """Take the two places, and the folder beside the exact one."""
        self.exact, self.released, self.beside = exact, released, beside

    def replace_day(
        self,
        site: str,
        day: dt.date,
        relations: Mapping[str, pl.DataFrame],
        marts: Sequence[MartContract],
        progress: Progress = print,
    ) -> dict[str, int]:
        """Compute the core rows of one site-day and place them; see `assets.storage`.

        Raises:
            LockTimeoutError: Another writer did not finish in time.
            WarehouseError: The place is open for writing in another program, does not answer, or
                holds other columns than the contracts.
        """
        names = [mart.name for mart in marts]
        for name in names:
            self._verdicts.withdraw(name, site, day)

        def fill(connection: duckdb.DuckDBPyConnection, mart: MartContract) -> None:
            # Names and texts come from the repository; what a site calls its gates is data.
            mart_tables.insert(connection, mart, versioned_query(mart.name))

        return self.exact.replace(site, day, names, relations, fill, progress)

    def publish_day(
        self,
        site: str,
        day: dt.date,
        released: Mapping[str, pl.DataFrame],
        progress: Progress = print,
    ) -> dict[str, int]:
        """Place released rows of one site-day; see `replace_day`.

        Rows that are published as they are already leave the place as it is, to the byte.
        Of what tells of a day that was withdrawn no row is placed.

        Raises:
            WarehouseError: The exact rows have not passed their blocking checks as they are.
        """
        for name in self.unchecked([MARTS[name] for name in released], site, day):
            raise WarehouseError(
                f"{name} of {day} has not passed its blocking checks as it is, so nothing of "
                "it is published; materialise it with its checks, or look why they fail"
            )

        released = self._without_hidden(site, day, released)
        if self._is_published(site, day, released):
            progress(f"{day} is published as it is already, and stays untouched")
            return {name: rows.height for name, rows in released.items()}

        def fill(connection: duckdb.DuckDBPyConnection, mart: MartContract) -> None:
            # Asked for again under the lock, since a day may have been withdrawn in between.
            hidden = self.withdrawn.hides(site, MARTS[mart.name], day)
            rows = f"SELECT * FROM released_{mart.name}" + " WHERE false" * hidden
            mart_tables.insert(connection, mart, rows)

        relations = {f"released_{name}": rows for name, rows in released.items()}
        return self.released.replace(site, day, released, relations, fill, progress)

    def _without_hidden(
        self, site: str, day: dt.date, released: Mapping[str, pl.DataFrame]
    ) -> dict[str, pl.DataFrame]:
        hides = partial(self.withdrawn.hides, site, day=day)
        return {
            name: rows.clear() if hides(MARTS[name]) else rows for name, rows in released.items()
        }

    def _is_published(self, site: str, day: dt.date, released: Mapping[str, pl.DataFrame]) -> bool:
        if not self.released.is_there:
            return False
        contracts = [published(MARTS[name]) for name in released]
        placed = self.read_published_days(contracts, site, [day])
        return all(
            rows.equals(released[name].sort(MARTS[name].key)) for name, rows in placed.items()
        )

    def read_day(self, mart: MartContract, site: str, day: dt.date) -> pl.DataFrame:
        """Return the core rows of one site-day, sorted by the key."""
        return self.read_days([mart], site, [day])[mart.name]

    def read_days(
        self, marts: Sequence[MartContract], site: str, days: Collection[dt.date]
    ) -> dict[str, pl.DataFrame]:
        """Return the core rows of several marts and site-days, by mart and sorted by its key."""
        return self.exact.read_days(marts, site, days)

    def read_published_day(self, mart: MartContract, site: str, day: dt.date) -> pl.DataFrame:
        """Return the released rows of one site-day, sorted by the key."""
        return self.read_published_days([mart], site, [day])[mart.name]

    def read_published_days(
        self, marts: Sequence[MartContract], site: str, days: Collection[dt.date]
    ) -> dict[str, pl.DataFrame]:
        """Return the released rows of several marts and site-days, as `read_days` does."""
        return self.released.read_days(marts, site, days)

    def note_checked(
        self, mart: MartContract, site: str, day: dt.date, rows: pl.DataFrame, *, passed: bool
    ) -> None:
        """Keep the verdict of the blocking checks on `rows`, which were read of one site-day.

        Another run may have stored others since: the verdict is on those that were looked at.
        """
        if passed:
            self._verdicts.note(mart.name, site, day, rows)
        else:
            self._verdicts.withdraw(mart.name, site, day)

    def is_checked(self, mart: MartContract, site: str, day: dt.date) -> bool:
        """Whether the core rows of one site-day passed their blocking checks as they are."""
        return not self.unchecked([mart], site, day)

    def unchecked(self, marts: Sequence[MartContract], site: str, day: dt.date) -> list[str]:
        """Names of those whose core rows of one site-day did not pass their checks as they are."""
        rows = self.read_days(marts, site, [day])
        return [name for name in rows if not self._verdicts.stands(name, site, day, rows[name])]

    def verdicts_on(self, site: str, day: dt.date) -> frozenset[str]:
        """Names of the files that say of each mart that its core rows of a site-day have passed."""
        rows = self.read_days(list(MARTS.values()), site, [day])
        paths = (self._verdicts.path(name, site, day, rows[name]) for name in rows)
        return frozenset(path.name for path in paths)

    @property
    def noise(self) -> FolderNoiseLedger:
        """Draws of the marts that are released with noise; beside the exact ones."""
        return FolderNoiseLedger(self.beside / NOISE)

    @property
    def kept_beside(self) -> frozenset[str]:
        """Names of the folders beside the exact marts."""
        return frozenset({NOISE, FOLDER, WITHDRAWN_FOLDER})

    @property
    def _verdicts(self) -> Verdicts:
        return Verdicts(self.beside / FOLDER)

    def days(self, site: str) -> list[dt.date]:
        """Trading days of which either place holds rows of the site, or a draw is kept, sorted."""
        both = self.exact.days(site) | self.released.days(site)
        return sorted(both | self.noise.days(site))

    def forget(self, site: str, days: Collection[dt.date], progress: Progress = print) -> None:
        """Take the rows of some site-days out of both places; raises as `replace_day` does.

        Their draws go last: until a day is gone from both, what it has cost is not forgotten.
        """
        of_days = dict.fromkeys(MARTS, days)
        self._without(site, of_days, progress)
        self.released.take_out(site, of_days, progress)
        self.noise.forget(site, days)
        self.withdrawn.drop(site, days)

    def forget_exact(
        self, site: str, gone: Mapping[str, Collection[dt.date]], progress: Progress = print
    ) -> None:
        """Take some days of each mart out of the exact ones; raises as `replace_day` does.

        Draws of withdrawn days go as well: their hashes are of exact counts, and since nothing is
        drawn of such a day again there is nothing to hold one against.
        """
        self._without(site, gone, progress)
        self.noise.forget(site, self.withdrawn.days(site))

    def withdraw(self, site: str, days: Collection[dt.date], progress: Progress = print) -> None:
        """Publish nothing of some site-days any more, nor what tells of them on other days.

        First the list, then the rows: nobody can place some of them in between. Raises as
        `replace_day` does.
        """
        self.withdrawn.add(site, days)
        gone = {name: telling_of(mart, days) for name, mart in MARTS.items()}
        self.released.take_out(site, gone, progress)

    @property
    def withdrawn(self) -> Withdrawn:
        """Days of which nothing is published any more."""
        return Withdrawn(self.beside / WITHDRAWN_FOLDER)

    def is_withdrawn(self, site: str, day: dt.date) -> bool:
        """Whether nothing of a site-day is published any more."""
        return day in self.withdrawn.days(site)

    def _without(
        self, site: str, gone: Mapping[str, Collection[dt.date]], progress: Progress
    ) -> None:
        """Take some days of each mart out of the exact ones, and the verdicts on them."""
        if not self.exact.is_there:
            return
        self.exact.take_out(site, gone, progress)
        for mart, days in gone.items():
            for day in days:
                self._verdicts.withdraw(mart, site, day)

    def tidy(self) -> None:
        """Keep the number of files in hand, where the places are such that it grows."""
        for place in (self.exact, self.released):
            place.tidy()

    def shown(self) -> dict[str, str]:
        """Where the two places are."""
        return {"core": self.exact.shown, "published": self.released.shown}


class DuckDBWarehouse(Warehouse):
    """Two DuckDB files, each with one writer at a time.

    Attributes:
        core: Exact figures, restricted.
        published: Figures that passed the release step.
    """

    def __init__(self, core: Path, published: Path, patience_s: float = 120.0) -> None:
        """Take the paths of the two files, and how long a writer waits for another one."""
        self.core, self.published = core, published
        super().__init__(
            FileMarts(core, _CORE_NOTE, _EXACT, patience_s),
            FileMarts(published, NOTE, _RELEASED, patience_s),
            core.parent,
        )

    @classmethod
    def below(cls, folder: Path) -> "DuckDBWarehouse":
        """The warehouse whose files lie in `folder`."""
        return cls(core=folder / "core.duckdb", published=folder / "published.duckdb")


class DuckLakeWarehouse(Warehouse):
    """Two DuckLakes, which many machines write at a time.

    Attributes:
        core: Exact figures, restricted.
        published: Figures that passed the release step.
    """

    def __init__(self, catalog: str, root: StorePath) -> None:
        """Take the address of PostgreSQL, and below what the rows lie."""
        self.core = LakeMarts("core", _CORE_NOTE, _EXACT, catalog, root)
        self.published = LakeMarts("published", NOTE, _RELEASED, catalog, root)
        super().__init__(self.core, self.published, root)


def of(settings: Settings) -> Warehouse:
    """The warehouse that the settings name."""
    if isinstance(settings.warehouse, Path):
        return DuckDBWarehouse.below(settings.warehouse)
    return DuckLakeWarehouse(settings.catalog_dsn, settings.warehouse)
