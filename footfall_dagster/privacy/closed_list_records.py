"""The closed list for the privacy report's own files: records, pages, searches, proofs.

Belongs here: what may lie in their folder. Does not belong here: whether records hang together
(`chain`), pages (`closed_list`, which knows those of the other report).
"""

from footfall_dagster.listing import Tree
from footfall_dagster.privacy.look import STRANGER, Look
from footfall_dagster.privacy.record_store import RecordStore


def records(look: Look, store: RecordStore, tree: Tree) -> None:
    """Every file is a record, a search, a proof or a page of the site, in its one form."""
    known = {
        store.chain.folder: store.chain.holds,
        store.searches: store.holds_check,
        store.proofs: store.holds_check,
    }
    for kind in tree.entries(store.folder):
        if kind.path == store.pages.folder and kind.is_folder:
            continue
        for entry in tree.of(kind):
            if entry.is_folder:
                # A folder that is none of ours is told of by what lies in it.
                continue
            look.at(entry.path, entry.size)
            holds = known.get(entry.path.parent)
            if holds is None or not entry.is_file or not holds(entry):
                look.find_there(store.folder, entry, STRANGER)
