"""The closed list for the privacy report's own files: records, pages, searches, proofs.

Belongs here: what may lie in their folder. Does not belong here: whether records hang together
(`chain`), pages (`closed_list`, which knows those of the other report).
"""

from footfall_dagster.privacy.look import STRANGER, Look
from footfall_dagster.privacy.record_store import RecordStore
from footfall_dagster.store import below, entries


def records(look: Look, store: RecordStore) -> None:
    """Every file is a record, a search, a proof or a page of the site, in its one form."""
    known = {
        store.chain.folder: store.chain.holds,
        store.searches: store.holds_check,
        store.proofs: store.holds_check,
    }
    for kind in entries(store.folder):
        if kind == store.pages.folder and not kind.is_symlink():
            continue
        for path in [kind] if kind.is_symlink() else [kind, *below(kind)]:
            if path.is_dir() and not path.is_symlink():
                # A folder that is none of ours is told of by what lies in it.
                continue
            look.at(path)
            holds = known.get(path.parent)
            if holds is None or path.is_symlink() or not holds(path):
                look.find(store.folder, path, "the whole file", STRANGER)
