"""A search of folders: every file handed to a process that reads, and what it answers gathered.

Belongs here: the walk, what is asked, naming files without quoting them. Does not belong here:
processes that read (`readers`), reading any file (`worker`).
"""

import os
import re
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial

from footfall_dagster.privacy.findings import Evidence, Finding
from footfall_dagster.privacy.search import files
from footfall_dagster.privacy.search.account import UNREAD
from footfall_dagster.privacy.search.limits import DEFAULT, Limits
from footfall_dagster.privacy.search.readers import Answer, Asked, Reader, Readers
from footfall_dagster.privacy.search.worker import SMALL
from footfall_dagster.store import StorePath, within, words

CHECK = "search"
_TOGETHER = 4096
_FILES_EACH, _MOST_READERS = 500, 4
LINK, SPECIAL = "link", "no plain file"
_PLAIN = re.compile(
    r"[a-z][a-z_.-]{0,40}(?:=[a-z0-9_-]{1,40})?|part\.parquet|\d{4}-\d\d-\d\d(?:\.html)?"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.db)?"
)


def search(
    roots: Mapping[str, StorePath],
    limits: Limits = DEFAULT,
    leave_out: Collection[StorePath] = (),
    reader: Reader | None = None,
) -> Evidence:
    """Look through every file below the roots for pictures and vectors, knowing no contract.

    Args:
        roots: Folders or files to search, by the names under which findings tell of them.
        limits: What may be spent on one file.
        leave_out: Folders and files below the roots that are not searched, because they lie left
            of the wall or hold numbers by right.
        reader: The process that reads, where it serves several searches; `limits` are then its
            own, and what it found clean in one it does not look into again in the next.

    Returns:
        What was looked at, found and not read. A link is not followed but found: what it leads to
        is either searched as well or is not ours.
    """
    began = time.monotonic()
    left_out = {path.absolute() for path in leave_out}
    looked = _Looked()
    for name, root in roots.items():
        if not root.exists() and not root.is_symlink():
            looked.miss(name, "root", "is not there")
            continue
        whole = root.absolute()
        met = list(files.walk(whole, left_out))
        names = list(files.names(whole, met, left_out)) if whole.is_dir() else []
        with (
            nullcontext(reader) if reader else Readers(_number(met), limits) as asked,
            ThreadPoolExecutor(1 if reader else _number(met)) as pool,
        ):
            for seen in pool.map(partial(_look, name, whole, asked), met):
                looked.add(seen)
            _look_together(name, names, met, asked, looked)
    return Evidence(
        check=CHECK,
        scope=", ".join(roots),
        files=looked.files,
        bytes=looked.bytes,
        rows=looked.rows,
        seconds=round(time.monotonic() - began, 3),
        findings=tuple(looked.findings),
        unread=tuple(looked.unread),
    )


class _Looked:
    """What all files came to."""

    def __init__(self) -> None:
        self.files = self.bytes = self.rows = 0
        self.findings: list[Finding] = []
        self.unread: list[Finding] = []

    def add(self, other: "_Looked") -> None:
        self.files += other.files
        self.bytes += other.bytes
        self.rows += other.rows
        self.findings += other.findings
        self.unread += other.unread

    def take(self, shown: str, answer: Answer) -> None:
        self.bytes += answer["bytes"]
        self.rows += answer["rows"]
        for place, kind, sure in answer["found"]:
            self.findings.append(Finding(shown, place, kind, sure))
        for place, why in answer["unread"]:
            self.miss(shown, place, why)

    def miss(self, shown: str, place: str, why: str) -> None:
        self.unread.append(Finding(shown, place, why, 1.0))


def _number(met: list[files.Met]) -> int:
    """How many processes are to read: one takes a second to start."""
    return min(_MOST_READERS, os.cpu_count() or 1, 1 + len(met) // _FILES_EACH)


def _look(name: str, root: StorePath, reader: Asked, met: files.Met) -> _Looked:
    """What came of one file."""
    looked, path = _Looked(), met.path
    shown = _shown(name, root, path)
    if met.is_unlisted:
        looked.miss(shown, "folder", UNREAD)
        return looked
    try:
        regular, link = met.is_regular, met.is_link
    except FileNotFoundError:
        return looked
    if not regular and not (link and _leads_to_settings(path)):
        looked.findings.append(Finding(shown, "file", LINK if link else SPECIAL, 0.5))
        return looked
    looked.files = 1
    if link:
        looked.take(shown, reader.ask(path.resolve(), path.name))
    else:
        named = "/".join(within(path, root)) or path.name
        looked.take(shown, reader.ask(path, named, met.size))
    return looked


def _look_together(
    shown: str, names: list[bytes], met: list[files.Met], reader: Asked, looked: _Looked
) -> None:
    """Small files of a root as one, some thousands at a time, and all names in it."""
    small = [{**words(one.path), "size": one.size} for one in met if _is_small(one)]
    for start in range(0, max(len(names), len(small)), _TOGETHER):
        answer = reader.put(
            {
                "names": os.fsdecode(b"\n".join(names[start : start + _TOGETHER])),
                "small": small[start : start + _TOGETHER],
            }
        )
        looked.take(f"{shown}/<together>", answer)


def _is_small(met: files.Met) -> bool:
    try:
        return not met.is_unlisted and met.is_regular and 0 < met.bytes <= SMALL
    except OSError:
        return False


def _leads_to_settings(path: StorePath) -> bool:
    """Whether a link leads to a small YAML file: Dagster's settings are laid out by a link."""
    target = path.resolve()
    return path.suffix == ".yaml" and target.suffix == ".yaml" and target.is_file()


def _shown(name: str, root: StorePath, path: StorePath) -> str:
    """Where a file lies below its root; a part of the name that may carry something is masked."""
    return "/".join([name, *(_part(part) for part in within(path, root))])


def _part(part: str) -> str:
    return part if len(part) <= 60 and _PLAIN.fullmatch(part) else f"<{len(part)} characters>"
