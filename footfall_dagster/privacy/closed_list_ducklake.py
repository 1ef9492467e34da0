"""The closed list for marts in DuckLake: tables, rows, and the files in which the rows lie.

Belongs here: what may be in a DuckLake of ours. Does not belong here: writing one
(`footfall_dagster.mart_lake`), what rows may say (`closed_list_rows`), what is kept beside an
object (`closed_list`, which looks at that of all).

Every file below a DuckLake's folder is one that its catalogue knows of, in the present or in a
snapshot that one may still look back to; the rest is a finding, whatever it is.
"""

from collections.abc import Iterable

import duckdb

from footfall_dagster.listing import Entry, Tree
from footfall_dagster.mart_lake import LakeMarts
from footfall_dagster.mart_tables import WarehouseError, as_stored, held_columns
from footfall_dagster.privacy.closed_list_rows import broken
from footfall_dagster.privacy.look import STRANGER, Look
from footfall_dagster.privacy.strangers import stranger
from footfall_dagster.warehouse import DuckLakeWarehouse
from vision.site.models import Site


def warehouse(look: Look, stored: DuckLakeWarehouse, site: Site, tree: Tree) -> None:
    """Every object of both DuckLakes, and every row of their tables."""
    known = {stored.core.name, stored.published.name, *stored.kept_beside}
    for entry in tree.entries(stored.beside):
        if not entry.is_folder or entry.path.name not in known:
            stranger(look, tree, entry)
    for marts in (stored.core, stored.published):
        try:
            _marts(look, marts, site, tree.below(marts.where))
        except (WarehouseError, duckdb.Error):
            look.miss(stored.beside, marts.where, "the whole of it")


def _marts(look: Look, marts: LakeMarts, site: Site, present: Iterable[Entry]) -> None:
    known = set[str]()
    if marts.is_there:
        with marts.opened() as connection:
            known = marts.files(connection)
            held = held_columns(connection, marts.name)
            for mart in marts.contracts:
                columns = held.pop(mart.name, None)
                if columns is None:
                    continue
                if sorted(columns) != sorted(as_stored(mart)):
                    look.find(marts.root, marts.where, f"columns of {mart.name}", STRANGER)
                    continue
                for number, rule in enumerate(broken(look, connection, mart, site), 1):
                    place = f"table {mart.name}, rule {number}: {rule}"
                    look.find(marts.root, marts.where, place, "values")
            if held:
                look.find(marts.root, marts.where, "its tables", STRANGER)
    for entry in present:
        # It was listed before the catalogue was asked, so what has come since is not among it.
        if entry.is_folder:
            continue
        look.at(entry.path, entry.size)
        if str(entry.path) not in known or not entry.is_file:
            look.find_there(marts.root, entry, STRANGER)
