"""A search of folders: every file handed to a process that reads, and what it answers gathered.

Belongs here: the walk, what is asked, naming files without quoting them. Does not belong here:
processes that read (`readers`), reading any file (`worker`).
"""

import os
import re
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from functools import partial

from footfall_dagster.listing import at_once
from footfall_dagster.privacy.findings import Evidence, Finding
from footfall_dagster.privacy.look import Look
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
    left_out = {path.absolute() for path in leave_out}
    look = Look()
    with nullcontext(reader) if reader else Readers(_most_readers(), limits) as asked:
        for name, root in roots.items():
            if root.exists() or root.is_symlink():
                _search(name, root.absolute(), left_out, asked, look)
            else:
                look.unread.append(Finding(name, "root", "is not there", 1.0))
    return look.evidence(CHECK, ", ".join(roots))


def _search(
    name: str, root: StorePath, left_out: Collection[StorePath], reader: Asked, look: Look
) -> None:
    """Look through one root, and hold no list of it when that is done."""
    met = list(files.walk(root, left_out))
    number = 1 if isinstance(reader, Reader) else _number(len(met))
    for seen in at_once(number, partial(_look, name, root, reader), met):
        look.add(seen)
    names = list(files.names(root, met, left_out)) if root.is_dir() else []
    _look_together(name, names, met, reader, look)


def _take(look: Look, shown: str, answer: Answer) -> None:
    """Note what a reader said of one file."""
    look.bytes += answer["bytes"]
    look.rows += answer["rows"]
    look.findings += (Finding(shown, place, kind, sure) for place, kind, sure in answer["found"])
    look.unread += (Finding(shown, place, why, 1.0) for place, why in answer["unread"])


def _most_readers() -> int:
    return min(_MOST_READERS, len(os.sched_getaffinity(0)))


def _number(files_met: int) -> int:
    """How many processes are to read: one takes a second to start."""
    return min(_most_readers(), 1 + files_met // _FILES_EACH)


def _look(name: str, root: StorePath, reader: Asked, met: files.Met) -> Look:
    """What came of one file."""
    look, path = Look(), met.path
    shown = _shown(name, root, path)
    if met.is_unlisted:
        look.unread.append(Finding(shown, "folder", UNREAD, 1.0))
        return look
    try:
        regular, link = met.is_regular, met.is_link
    except FileNotFoundError:
        return look
    if not regular and not (link and _leads_to_settings(path)):
        look.findings.append(Finding(shown, "file", LINK if link else SPECIAL, 0.5))
        return look
    look.files = 1
    if link:
        _take(look, shown, reader.ask(path.resolve(), path.name))
    else:
        named = "/".join(within(path, root)) or path.name
        _take(look, shown, reader.ask(path, named, met.size))
    return look


def _look_together(
    shown: str, names: list[bytes], met: list[files.Met], reader: Asked, look: Look
) -> None:
    """Small files of a root as one, some thousands at a time, and all names in it."""
    small = [one for one in met if _is_small(one)]
    for start in range(0, max(len(names), len(small)), _TOGETHER):
        answer = reader.put(
            {
                "names": os.fsdecode(b"\n".join(names[start : start + _TOGETHER])),
                "small": [
                    {**words(one.path), "size": one.size}
                    for one in small[start : start + _TOGETHER]
                ],
            }
        )
        _take(look, f"{shown}/<together>", answer)


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
