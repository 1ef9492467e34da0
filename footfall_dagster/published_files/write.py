"""From published.duckdb to a folder of files, in one pass over its rows.

Belongs here: what is done in which order. Does not belong here: any of the parts.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from assets.marts.schema import MartContract
from footfall_dagster.mart_tables import WarehouseError
from footfall_dagster.published import opened
from footfall_dagster.published_files.about import About
from footfall_dagster.published_files.chosen import Begin, Chosen, Write, blocks, choose
from footfall_dagster.published_files.columnar import csv_file, parquet_file
from footfall_dagster.published_files.folder import refuse_watched, written_aside
from footfall_dagster.published_files.workbook import refuse_long, workbook
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from vision.site.models import Site

PARQUET, CSV, XLSX = FORMATS = ("parquet", "csv", "xlsx")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the rows of each mart, and the files in their folder."""

    chosen: Sequence[Chosen]
    files: Sequence[Path]


def write(
    settings: Settings,
    site: Site,
    out: Path,
    *,
    marts: Sequence[MartContract],
    formats: Collection[str],
    first: dt.date = dt.date.min,
    last: dt.date = dt.date.max,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Written:
    """Write marts of a site into a folder.

    Args:
        settings: Where published.duckdb is, and where nothing may be written.
        site: Whose rows.
        out: The folder.
        marts: Published contracts of the marts.
        formats: Some of `FORMATS`.
        first: First trading day.
        last: Last trading day, included.
        progress: Called with the rows done, and with those there are.

    Raises:
        ExportError: It cannot be done as asked; nothing was written.
        WarehouseError: The file is not there, or not as it was placed.
    """
    refuse_watched(out, settings)
    names = {mart.name for mart in marts}
    with warehouse(settings).released.as_file(names) as path:
        try:
            with opened(path) as connection:
                chosen = choose(connection, path, site.id, marts, first, last)
                if XLSX in formats:
                    refuse_long(chosen)
                files = _names(site.id, chosen, formats)
                with written_aside(out, files) as aside:
                    rows_of = partial(blocks, connection, path, site.id)
                    _fill(aside, About.of(site, path), chosen, formats, rows_of, progress)
        except duckdb.Error as wrong:
            raise WarehouseError(f"{path} cannot be read ({wrong})") from wrong
    return Written(chosen, [out / name for name in files])


def _fill(
    folder: Path,
    about: About,
    chosen: Sequence[Chosen],
    formats: Collection[str],
    rows_of: Callable[[Chosen], Iterator[pl.DataFrame]],
    progress: Callable[[int, int], None],
) -> None:
    def parquet(one: Chosen) -> AbstractContextManager[Write]:
        file = folder / _name(about.site, one.mart, PARQUET)
        return parquet_file(file, one.mart, about.of_mart(one.mart))

    def csv(one: Chosen) -> AbstractContextManager[Write]:
        return csv_file(folder / _name(about.site, one.mart, CSV), one.mart)

    done, of = 0, sum(one.rows for one in chosen)
    with ExitStack() as whole:
        known: dict[str, Begin] = {PARQUET: parquet, CSV: csv}
        begins = [begin for name, begin in known.items() if name in formats]
        if XLSX in formats:
            file = folder / _workbook_name(about.site)
            begins.append(whole.enter_context(workbook(file, about, chosen)))
        for one in chosen:
            with ExitStack() as of_mart:
                writes = [of_mart.enter_context(begin(one)) for begin in begins]
                for rows in rows_of(one):
                    for write_rows in writes:
                        write_rows(rows)
                    done += rows.height
                    progress(done, of)


def _names(site: str, chosen: Sequence[Chosen], formats: Collection[str]) -> list[str]:
    """Names of all files: the site's id comes first, so that several sites can share a folder."""
    of_marts = [
        _name(site, one.mart, ending)
        for one in chosen
        for ending in (PARQUET, CSV)
        if ending in formats
    ]
    return of_marts + ([_workbook_name(site)] if XLSX in formats else [])


def _name(site: str, mart: MartContract, ending: str) -> str:
    # No id has a hyphen, so no two of them run into each other.
    return f"{site}-{mart.name}.{ending}"


def _workbook_name(site: str) -> str:
    return f"{site}-footfall.{XLSX}"
