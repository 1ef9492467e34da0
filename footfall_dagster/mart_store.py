"""Marts in one place: what the warehouse asks of it, and the place that is a DuckDB file.

Belongs here: placing, taking out and reading rows of whole days. Does not belong here: which rows
get there (`footfall_dagster.warehouse`), how a file is built (`footfall_dagster.mart_files`), marts
that many machines write (`footfall_dagster.mart_lake`).
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import duckdb
import polars as pl

from assets.marts.schema import MartContract
from assets.storage import Progress
from footfall_dagster import mart_files, mart_rows, published
from footfall_dagster.mart_files import Fill


class Marts(Protocol):
    """Rows of marts of several sites, exact or released."""

    @property
    def contracts(self) -> Sequence[MartContract]:
        """Of the marts."""
        ...

    @property
    def label(self) -> str:
        """What the comments of its tables say of who may see them."""
        ...

    @property
    def is_there(self) -> bool:
        """Whether anything was ever placed."""
        ...

    @property
    def shown(self) -> str:
        """Where it is, to be shown to a person."""
        ...

    def replace(
        self,
        site: str,
        day: dt.date,
        replaced: Collection[str],
        relations: Mapping[str, pl.DataFrame],
        fill: Fill,
        progress: Progress,
    ) -> dict[str, int]:
        """Place the rows of some marts of a site-day as `fill` makes them, all or none of them.

        `fill` may read `relations` by their names, and the marts.

        Returns:
            Rows of the day in each of the marts `replaced`.

        Raises:
            LockTimeoutError: Another writer did not finish in time.
            WarehouseError: What is there is not as the contracts say, or cannot be written.
        """
        ...

    def take_out(
        self,
        site: str,
        gone: Mapping[str, Collection[dt.date]],
        progress: Progress,
    ) -> None:
        """Take out the days of a site that `gone` has by mart, so that no byte of them is left.

        Raises as `replace` does.
        """
        ...

    def read_days(
        self, marts: Sequence[MartContract], site: str, days: Collection[dt.date]
    ) -> dict[str, pl.DataFrame]:
        """Rows of marts of some site-days, each sorted by its key; none where none were placed.

        Raises:
            WarehouseError: What is there is not as it was placed, or not as the contracts say.
        """
        ...

    def days(self, site: str) -> set[dt.date]:
        """Trading days of which there are rows of the site."""
        ...

    def asked(self, named: Collection[str]) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A database for whoever may ask anything, which reaches nothing but the marts.

        Args:
            named: Of which marts rows are wanted; of others there may be none.

        Raises:
            WarehouseError: Nothing is there, or not as it was placed.
        """
        ...

    def as_file(self, named: Collection[str]) -> AbstractContextManager[Path]:
        """The marts as a DuckDB file with its receipt, which is only read; `named` as in `asked`.

        Who goes over all rows of a mart wants one; a question is answered sooner by `asked`.
        """
        ...

    def tidy(self) -> None:
        """Merge what is in many small files, and let go of what was replaced long ago."""
        ...


@dataclass(frozen=True, slots=True)
class FileMarts:
    """Marts in one DuckDB file, which has one writer at a time.

    Attributes:
        path: The file.
        label: What the comments of its tables say of who may see them.
        contracts: Of the marts.
        patience_s: How long a writer waits for another one.
    """

    path: Path
    label: str
    contracts: Sequence[MartContract]
    patience_s: float

    @property
    def is_there(self) -> bool:
        """See `Marts`."""
        return self.path.exists()

    @property
    def shown(self) -> str:
        """See `Marts`."""
        return str(self.path)

    def replace(
        self,
        site: str,
        day: dt.date,
        replaced: Collection[str],
        relations: Mapping[str, pl.DataFrame],
        fill: Fill,
        progress: Progress,
    ) -> dict[str, int]:
        """See `Marts`; the file is built anew."""
        build = partial(
            mart_files.build_day,
            path=self.path,
            contracts=self.contracts,
            label=self.label,
            site=site,
            day=day,
            replaced=replaced,
            relations=relations,
            fill=fill,
            progress=progress,
        )
        return mart_files.rebuild(self.path, build, progress, self.patience_s)

    def take_out(
        self,
        site: str,
        gone: Mapping[str, Collection[dt.date]],
        progress: Progress,
    ) -> None:
        """See `Marts`; the file is built anew."""
        if not self.is_there:
            return
        build = partial(
            mart_files.build_without,
            path=self.path,
            contracts=self.contracts,
            label=self.label,
            site=site,
            gone=gone,
            progress=progress,
        )
        mart_files.rebuild(self.path, build, progress, self.patience_s)

    def read_days(
        self, marts: Sequence[MartContract], site: str, days: Collection[dt.date]
    ) -> dict[str, pl.DataFrame]:
        """See `Marts`."""
        return mart_rows.read_days(self.path, marts, site, days)

    def days(self, site: str) -> set[dt.date]:
        """See `Marts`."""
        return mart_rows.days_of(self.path, site)

    def asked(self, named: Collection[str]) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """See `Marts`."""
        del named
        return published.opened(self.path)

    def as_file(self, named: Collection[str]) -> AbstractContextManager[Path]:
        """See `Marts`: it is one."""
        del named
        return nullcontext(self.path)

    def tidy(self) -> None:
        """See `Marts`: a file is built anew at every write, so there is nothing to do."""
