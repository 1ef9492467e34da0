"""What lies below a folder or in a bucket, listed once, and looked at side by side.

Belongs here: kinds and sizes of many files, for whoever looks at all of them. Does not belong here:
one file (`footfall_dagster.store`), what a name or a content means.
"""

import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from upath import UPath

from footfall_dagster.store import StorePath, names_of, told_of, within

_FOLDERS_OWN = "(the folder's own)"
"""Shows an object whose key is that of a folder and a slash, and which holds something."""
_OF_NOTHING = "d41d8cd98f00b204e9800998ecf8427e"
"""The hash that a store tells of an empty object; SeaweedFS says 0 bytes of any that is a folder's,
and with a key of the owner's own the hash is another one: then it is no folder either."""
_AT_ONCE, _TOGETHER = 8, 1000
_MOST_AGAIN = 3
"""How often a folder is listed again of which something is gone."""
_Item = TypeVar("_Item")
_Seen = TypeVar("_Seen")


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies in a folder.

    Attributes:
        path: Where.
        is_file: Whether it is a file or an object, and no link, pipe or folder, and no object whose
            key no path has, as it ends in a slash or has two in a row.
        is_folder: Whether it is a folder, and no link to one, or an empty object that stands for
            one: its key is the folder's and a slash.
        size: Bytes; of a link its own.
        key: Of an object, as the bucket has it; empty of everything else.
        is_unlisted: Whether it is a folder of which nobody can tell what lies in it.
    """

    path: StorePath
    is_file: bool
    is_folder: bool
    size: int
    key: str = ""
    is_unlisted: bool = False

    @property
    def is_nameless(self) -> bool:
        """Whether it is an object whose key no path has, so that it may lie behind another one."""
        return bool(self.key) and not self.is_file and not self.is_folder

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
    a bucket is said to have, only those are sure to hold something that have objects here. Raises
    OSError where it cannot be told what lies in the folder itself.
    """
    if isinstance(folder, Path):
        return _on_disk(folder, deep=deep) if folder.is_dir() else []
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
    """What a bucket lists; None of the folder itself and of an empty object that stands for it."""
    key, size = told["name"], int(told["size"] or 0)
    names = names_of(folder, key)
    path = folder.joinpath(*names)
    if told["type"] != "file":
        return Entry(path, False, True, size) if names else None
    is_empty = not size and told.get("ETag", _OF_NOTHING).strip('"') == _OF_NOTHING
    if is_empty and key == f"{path.path}/":
        return Entry(path, False, True, size, key) if names else None
    if not names:
        return Entry(folder / _FOLDERS_OWN, False, False, size, key)
    return Entry(path, path.path == key, False, size, key)


def _on_disk(folder: Path, *, deep: bool) -> list[Entry]:
    found, waiting = dict[Path, Entry](), [folder]
    while waiting:
        at = waiting.pop()
        try:
            inside = {path: entry for path in at.iterdir() if (entry := _entry(path))}
        except FileNotFoundError:
            continue  # Whoever writes there has removed it meanwhile.
        except OSError:
            if at == folder:
                raise
            found[at] = replace(found[at], is_unlisted=True)
            continue
        found |= inside
        waiting += [path for path, entry in inside.items() if deep and entry.is_folder]
    return [found[path] for path in sorted(found)]


def _entry(path: Path) -> Entry | None:
    try:
        told = path.lstat()
    except FileNotFoundError:
        return None  # Whoever writes there has removed it meanwhile.
    return Entry(path, stat.S_ISREG(told.st_mode), stat.S_ISDIR(told.st_mode), told.st_size)


class Tree:
    """What lies below a folder, listed once: a request to a bucket for a thousand objects.

    It tells of the moment in which it was made, so whoever finds something amiss looks again.

    Attributes:
        root: The folder.
        nameless: Objects whose key no path has, by their keys; they lie in no folder here.
        unlisted: Folders of which nobody can tell what lies in them.
    """

    def __init__(self, root: StorePath) -> None:
        """List what lies below `root`; raises OSError where that is not allowed."""
        self.root = root
        self.nameless: dict[str, Entry] = {}
        self.unlisted: set[StorePath] = set()
        # In a bucket a name may be that of an object and of a folder.
        self._inside: dict[tuple[str, ...], dict[tuple[str, bool], Entry]] = {}
        self._stale: set[tuple[str, ...]] = set()
        self._again = Counter[tuple[str, ...]]()
        self._list(root)

    def _list(self, folder: StorePath) -> None:
        for entry in listed(folder):
            if entry.is_nameless:
                self.nameless[entry.key] = entry
                continue
            if entry.is_unlisted:
                self.unlisted.add(entry.path)
            *above, name = within(entry.path, self.root)
            # A bucket has no folders: they are what the names of its objects begin with.
            for depth, implied in enumerate(above):
                held = self._inside.setdefault(tuple(above[:depth]), {})
                if (implied, True) not in held:
                    path = self.root.joinpath(*above[: depth + 1])
                    held[implied, True] = Entry(path, False, True, 0)
            held = self._inside.setdefault(tuple(above), {})
            if entry.key or (name, entry.is_folder) not in held:
                held[name, entry.is_folder] = entry

    def entries(self, folder: StorePath) -> Iterator[Entry]:
        """What lies in a folder itself, sorted, and behind it what has come since, if it `is_gone`.

        A folder out of which something goes each time is among the `unlisted`.
        """
        names = within(folder, self.root)
        told = set[tuple[str, bool]]()
        while True:
            held = self._inside.get(names, {})
            new = sorted(held.keys() - told)
            told.update(new)
            yield from [held[key] for key in new]
            if names not in self._stale:
                return
            self._stale.discard(names)
            self._again[names] += 1
            if self._again[names] > _MOST_AGAIN:
                self.unlisted.add(folder)
                return
            self._list(folder)

    def below(self, folder: StorePath) -> Iterator[Entry]:
        """All that lies below a folder, sorted, what it holds behind each folder."""
        for entry in self.entries(folder):
            yield from self.of(entry)

    def of(self, entry: Entry) -> Iterator[Entry]:
        """What was listed and, of a folder, all that lies below it."""
        yield entry
        if entry.is_folder:
            yield from self.below(entry.path)

    def is_gone(self, entry: Entry) -> bool:
        """Whether something is gone by now, or has another name: then its folder is listed again.

        Who goes through the folder comes by what is new in it.
        """
        if entry.is_there:
            return False
        names = within(entry.path, self.root)
        while names:
            names = names[:-1]
            self._stale.add(names)
            if self.root.joinpath(*names).is_dir():
                break
        return True


def side_by_side(
    root: StorePath, look: Callable[[_Item], _Seen], items: Iterable[_Item]
) -> Iterator[_Seen]:
    """What looking at each of many things below `root` came to, in their order.

    In a bucket several are looked at at a time, since most of that is waiting for answers.
    """
    yield from map(look, items) if isinstance(root, Path) else at_once(_AT_ONCE, look, items)


def at_once(number: int, look: Callable[[_Item], _Seen], items: Iterable[_Item]) -> Iterator[_Seen]:
    """What looking at each of many things came to, in their order, by so many threads.

    What is to be done weighs more than a file's name: a million at once are gigabytes.
    """
    left = iter(items)
    with ThreadPoolExecutor(number) as pool:
        while together := list(islice(left, _TOGETHER)):
            yield from pool.map(look, together)
