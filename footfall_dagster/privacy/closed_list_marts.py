"""The closed list for the warehouse: two files, their tables, and what is kept beside them.

Belongs here: what may be in a DuckDB file of ours. Does not belong here: writing one
(`footfall_dagster.warehouse`), what rows may say (`closed_list_rows`), a warehouse that is none of
files (`closed_list_ducklake`).

A file is as it was placed, or it is a finding: deleted rows, a write-ahead log, views and comments
all change its bytes. What was placed is then held against the contracts as well.
"""

import datetime as dt
from functools import cache, partial
from pathlib import Path

import duckdb

from assets.marts.contracts import MARTS
from assets.marts.inputs import relations
from assets.marts.queries import connected
from footfall_dagster.listing import Entry, Tree, listed
from footfall_dagster.mart_store import Marts
from footfall_dagster.mart_tables import new_tables
from footfall_dagster.noise_ledger import FOLDER as NOISE
from footfall_dagster.privacy import closed_list_ducklake, duckdb_pages, vouched
from footfall_dagster.privacy.closed_list_rows import broken
from footfall_dagster.privacy.look import STRANGER, Look
from footfall_dagster.store import StorePath
from footfall_dagster.verdicts import FOLDER
from footfall_dagster.warehouse import DuckDBWarehouse, DuckLakeWarehouse, Warehouse
from footfall_dagster.withdrawn import FOLDER as WITHDRAWN
from vision.site.models import Site

_CATALOGUE = {
    "tables": "SELECT schema_name, table_name, comment, sql FROM duckdb_tables() "
    "WHERE NOT internal",
    "columns": "SELECT schema_name, table_name, column_name, comment, column_default, is_nullable, "
    "data_type FROM duckdb_columns() WHERE NOT internal",
    "views": "SELECT sql FROM duckdb_views() WHERE NOT internal",
    "macros": "SELECT macro_definition FROM duckdb_functions() WHERE NOT internal",
    "sequences": "SELECT sql FROM duckdb_sequences()",
    "schemas": "SELECT schema_name, comment FROM duckdb_schemas() WHERE NOT internal",
    "types": "SELECT type_name FROM duckdb_types() WHERE NOT internal",
    "indexes": "SELECT sql FROM duckdb_indexes()",
    "constraints": "SELECT table_name, constraint_text FROM duckdb_constraints()",
}


def warehouse(look: Look, stored: Warehouse, site: Site, tree: Tree) -> None:
    """Every file of the warehouse, and every row of its tables."""
    for name, part in ((FOLDER, _verdicts), (NOISE, _draws), (WITHDRAWN, _withdrawn)):
        folder = stored.beside / name
        files = [entry for entry in tree.below(folder) if not entry.is_folder]
        part(look, folder, files, stored, site)
    if isinstance(stored, DuckDBWarehouse):
        _files(look, stored.core.parent, stored, site)
    elif isinstance(stored, DuckLakeWarehouse):
        closed_list_ducklake.warehouse(look, stored, site, tree)


def _files(look: Look, folder: Path, stored: DuckDBWarehouse, site: Site) -> None:
    known = {stored.core: stored.exact, stored.published: stored.released}
    locks = {path.with_name(f"{path.name}.lock") for path in known}
    for entry in listed(folder, deep=False):
        path = folder / entry.path.name
        if path.name in stored.kept_beside and entry.is_folder:
            continue
        look.at(path)
        if path in known:
            _file(look, folder, path, known[path], site)
        elif path in locks and path.is_file() and path.stat().st_size == 0:
            continue
        elif not (vouched.is_receipt(path) and folder / vouched.vouched_for(path) in known):
            look.find_there(folder, entry, STRANGER)


def _withdrawn(
    look: Look, folder: StorePath, files: list[Entry], stored: Warehouse, site: Site
) -> None:
    """The site's list of days of which nothing is published, as we write it."""
    for entry in files:
        look.at(entry.path, entry.size)
        try:
            known = entry.path == stored.withdrawn.path(site.id) and entry.is_file
            if known:
                stored.withdrawn.days(site.id)
        except (OSError, ValueError):
            known = False
        if not known:
            look.find_there(folder.parent, entry, STRANGER)


def _verdicts(
    look: Look, folder: StorePath, files: list[Entry], stored: Warehouse, site: Site
) -> None:
    """Verdicts are of the rows that are there, or they are not ours."""
    verdicts_on = cache(partial(stored.verdicts_on, site.id))
    for entry in files:
        path = entry.path
        look.at(path, entry.size)
        day, _, mart = vouched.vouched_for(path).partition(".")
        try:
            known = (
                vouched.is_listed_receipt(entry)
                and path.parent == folder / f"site={site.id}"
                and mart in MARTS
                and path.name in verdicts_on(dt.date.fromisoformat(day))
            )
        except ValueError:
            known = False
        # Whoever makes a day again meanwhile takes its verdicts back.
        if not known:
            look.find_there(folder.parent, entry, STRANGER)


def _draws(
    look: Look, folder: StorePath, files: list[Entry], stored: Warehouse, site: Site
) -> None:
    """Draws have one figure for each place and span that the site has on the day."""
    for entry in files:
        path = entry.path
        release = stored.noise.release_at(path) if entry.is_file else None
        known = release is not None and path.parent == folder / f"site={site.id}"
        if release is not None and known:
            day, mart = path.name.split(".")[:2]
            tables = relations(site.on(dt.date.fromisoformat(day)), {}, {})
            places, span = MARTS[mart].places, MARTS[mart].span
            spans = tables["intervals"][span].n_unique() if span else 1
            known = places is not None and len(release.figures) == places(tables) * spans
        rows = len(release.figures) if release is not None and known else 0
        look.at(path, entry.size, rows=rows)
        if not known:
            look.find_there(folder.parent, entry, STRANGER)


def _file(look: Look, folder: Path, path: Path, marts: Marts, site: Site) -> None:
    if not vouched.is_vouched(path):
        look.find(folder, path, "the whole file", "changed since it was written")
    try:
        with (
            connected(path, read_only=True) as held,
            new_tables(marts.contracts, marts.label) as wanted,
        ):
            for part, query in _CATALOGUE.items():
                if sorted(map(str, held.execute(query).fetchall())) != sorted(
                    map(str, wanted.execute(query).fetchall())
                ):
                    look.find(folder, path, f"its {part}", STRANGER)
            for place, _ in duckdb_pages.spare(held, path.read_bytes()):
                look.find(folder, path, place, "not of any row")
            for mart in marts.contracts:
                for number, rule in enumerate(broken(look, held, mart, site), 1):
                    look.find(folder, path, f"table {mart.name}, rule {number}: {rule}", "values")
    except (duckdb.Error, OSError):
        look.miss(folder, path, "the whole file")
