"""What has no business where it lies, told of by name.

Belongs here: naming it, and looking where it has gone. Does not belong here: what is on the list
(`closed_list` and its neighbours).
"""

from pathlib import Path

from footfall_dagster.listing import Entry, Tree
from footfall_dagster.privacy.look import STRANGER, Look


def stranger(look: Look, tree: Tree, entry: Entry) -> None:
    """Name every file of an entry, which has no business there; a folder itself if it is empty.

    What is gone by now may have another name: `Tree.is_gone` has its folder listed again.
    """
    inside = False
    for one in tree.of(entry):
        if not one.is_folder:
            inside = True
            _name(look, tree, one)
    # A bucket's folder is nothing by itself, and one of a disk has a name that somebody gave it.
    if entry.is_folder and not inside and isinstance(entry.path, Path):
        _name(look, tree, entry)


def _name(look: Look, tree: Tree, entry: Entry) -> None:
    if not tree.is_gone(entry):
        look.at(entry.path, entry.size)
        look.find(tree.root, entry.path, "the whole file", STRANGER)
