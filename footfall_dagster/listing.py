"""What lies below a folder or in a bucket, listed once, and looked at side by side.

Belongs here: kinds and sizes of many files, for whoever looks at all of them. Does not belong here:
one file (`footfall_dagster.store`), what a name or a content means.
"""

import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from upath import UPath

from footfall_dagster.store import StorePath, names_of, told_of, within

_FOLDERS_OWN = "(the folder's own)"
"""Shows an object whose key is that of a folder and a slash, and which holds something."""
_AT_ONCE, _TOGETHER = 8, 1000
_Item = TypeVar("_Item")
_Seen = TypeVar("_Seen")


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies in a folder.

    Attributes:
        path: Where.
        is_file: Whether it is a file or an object, and no link, pipe or folder, and no object whose
            key no path has, as it ends in a slash or has two in a row.
        is_folder: Whether it is a folder, and no link to one.
        size: Bytes; of a link its own.
    """

    path: StorePath
    is_file: bool
    is_folder: bool
    size: int

    @property
    def is_there(self) -> bool:
        """Whether it is there still, as far as that can be asked."""
        if not isinstance(self.path, Path) and not self.is_file:
            # A folder of a bucket is where its objects are; under another key there may be one.
            return self.path.is_dir() if self.is_folder else True
        try:
            told_of(self.path)
        except FileNotFoundError:
            return False
        return True


def listed(folder: StorePath, *, deep: bool = True) -> list[Entry]:
    """What lies below a folder, or in it itself, sorted; nothing where no folder is.

    One request to a bucket, where asking each object what it is takes two for each. Of folders that
    a bucket is said to have, only those are sure to hold something that have objects here.
    """
    if isinstance(folder, Path):
        if not folder.is_dir():
            return []
        paths = sorted(folder.rglob("*") if deep else folder.iterdir())
        return [entry for path in paths if (entry := _entry(path))]
    try:
        found = (
            folder.fs.find(folder.path, detail=True).values()
            if deep
            else folder.fs.ls(folder.path, detail=True, refresh=True)
        )
    except FileNotFoundError:
        return []
    objects = (_object(folder, one) for one in sorted(found, key=lambda one: str(one["name"])))
    return [entry for entry in objects if entry]


def _object(folder: UPath, told: Mapping[str, Any]) -> Entry | None:
    """What a bucket lists; None of an empty object that stands for the folder itself."""
    names, size = names_of(folder, told["name"]), int(told["size"] or 0)
    if told["type"] != "file":
        return Entry(folder.joinpath(*names), False, True, size) if names else None
    if not names:
        return Entry(folder / _FOLDERS_OWN, False, False, size) if size else None
    path = folder.joinpath(*names)
    return Entry(path, path.path == told["name"], False, size)


def _entry(path: Path) -> Entry | None:
    try:
        told = path.lstat()
    except FileNotFoundError:
        return None  # Whoever writes there has removed it meanwhile.
    return Entry(path, stat.S_ISREG(told.st_mode), stat.S_ISDIR(told.st_mode), told.st_size)


class Tree:
    """What lies below a folder, listed once: a request to a bucket for a thousand objects.

    It tells of the moment in which it was made, so whoever finds something amiss looks again.
    """

    def __init__(self, root: StorePath) -> None:
        """List what lies below `root`."""
        self.root = root
        self._inside: dict[tuple[str, ...], dict[str, Entry]] = {}
        for entry in listed(root):
            *above, name = within(entry.path, root)
            # A bucket has no folders: they are what the names of its objects begin with.
            for depth, folder in enumerate(above):
                path = root.joinpath(*above[: depth + 1])
                held = self._inside.setdefault(tuple(above[:depth]), {})
                held.setdefault(folder, Entry(path, False, True, 0))
            self._inside.setdefault(tuple(above), {})[name] = entry

    def entries(self, folder: StorePath) -> list[Entry]:
        """What lies in a folder itself, sorted."""
        found = self._inside.get(within(folder, self.root), {})
        return [found[name] for name in sorted(found)]

    def below(self, folder: StorePath) -> list[Entry]:
        """All that lies below a folder, sorted, what it holds behind each folder."""
        found = []
        for entry in self.entries(folder):
            found.append(entry)
            if entry.is_folder:
                found += self.below(entry.path)
        return found


def side_by_side(
    root: StorePath, look: Callable[[_Item], _Seen], items: Iterable[_Item]
) -> Iterator[_Seen]:
    """What looking at each of many things below `root` came to, in their order.

    In a bucket several are looked at at a time, since most of that is waiting for answers.
    """
    if isinstance(root, Path):
        yield from map(look, items)
        return
    left = iter(items)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while together := list(islice(left, _TOGETHER)):
            yield from pool.map(look, together)
