"""The process that reads: one file at a time, within limits, told by whom it serves.

Belongs here: taking a path from standard input, answering with places and kinds. Does not belong
here: what is done when it does not answer (`api`).

Untrusted bytes meet decoders here and nowhere else. If one crashes or hangs, this process dies and
the file is noted as unread.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from footfall_dagster.privacy.search import files
from footfall_dagster.privacy.search.account import UNREAD, Account, Exhausted
from footfall_dagster.privacy.search.content import Examiner
from footfall_dagster.privacy.search.limits import Limits
from footfall_dagster.store import StorePath, attributes, of_words, told_of

SMALL = 512
"""Bytes of a file that is also looked at together with others."""
_PARQUET = b"PAR1"
_TRIES, _PAUSE_S = 3, 0.5


def main() -> None:
    """Answer each line of standard input with a line on what used to be standard output."""
    limits = Limits(**json.loads(sys.stdin.readline()))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    memory = (
        limits.memory_bytes if hard == resource.RLIM_INFINITY else min(limits.memory_bytes, hard)
    )
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    answers = os.fdopen(os.dup(1), "w")
    # Decoders print what they like; nothing of it may reach anybody.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    known: set[bytes] = set()
    for line in sys.stdin:
        told = json.loads(line)
        if "names" in told:
            small = [(of_words(one), one["size"]) for one in told["small"]]
            answer = look_together(small, told["names"], limits)
        else:
            answer = look(of_words(told), told["name"], limits, known, told["size"])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def look(
    path: StorePath,
    name: str,
    limits: Limits,
    known: set[bytes] | None = None,
    size: int | None = None,
) -> dict[str, Any]:
    """What a search of one file came to; `known` is kept from file to file.

    A file that was written while it was read may look broken: it is read again. An object, whose
    `size` may be known, is read whole or not at all.
    """
    for _ in range(_TRIES):
        before = _state(path)
        answer = _look_once(path, name, limits, known, size)
        if before is None or not answer["unread"] or _state(path) == before:
            break
        time.sleep(_PAUSE_S)
    return answer


def look_together(
    small: list[tuple[StorePath, int | None]], names: str, limits: Limits
) -> dict[str, Any]:
    """What small files, of a size that may be known, hold if they are read as one, and their names.

    A vector may lie a component to a file, or a few bytes to a name; each alone says nothing.
    """
    account = Account(limits)
    examiner = Examiner(account)
    texts, rest = bytearray(), bytearray()
    for path, size in small:
        try:
            content = b"".join(files.read(path, SMALL, size))
        except (OSError, files.TooLarge, files.OnlyHoles):
            continue  # It is gone or has grown, and is looked at by itself.
        if content.isascii() and b"\0" not in content:
            texts += content.strip() + b"\n"
        elif not (content.startswith(_PARQUET) and content.endswith(_PARQUET)):
            # By itself that is opened, or noted as unread; two in a row are no table.
            rest += content
    try:
        # Where words of a name meet is no part of a number.
        examiner.examine(os.fsencode(names).replace(b"_", b" "), "names together")
        examiner.examine(bytes(texts), "small files together")
        examiner.examine(bytes(rest), "small files together")
        examiner.close()
    except Exhausted:
        pass
    return _answer(account) | {"bytes": 0, "rows": 0}


def _state(path: StorePath) -> tuple[int, int] | None:
    """What changes when a file is written; None of an object and of what is not there."""
    if not isinstance(path, Path):
        return None
    try:
        told = told_of(path)
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size


def _look_once(
    path: StorePath, name: str, limits: Limits, known: set[bytes] | None, size: int | None
) -> dict[str, Any]:
    account = Account(limits, known=set() if known is None else known)
    try:
        _look(path, os.fsencode(name), account, size)
    except Exhausted:
        pass
    except FileNotFoundError:
        pass  # Somebody deleted it while the search went on.
    except files.OnlyHoles:
        account.miss("a hole larger than the limit")
    except files.TooLarge:
        account.miss("larger than the limit")
    except (OSError, MemoryError, RecursionError):
        account.miss("file", UNREAD)
    except Exception as error:  # Hostile bytes raise whatever a reader raises; it is never a pass.
        account.miss(f"file ({type(error).__name__})", UNREAD)
    return _answer(account)


def _answer(account: Account) -> dict[str, Any]:
    return {
        "bytes": account.unpacked,
        "rows": account.rows,
        "found": [[*key, sure] for key, sure in account.found.items()],
        "unread": [list(key) for key in account.unread],
    }


def _look(path: StorePath, name: bytes, account: Account, size: int | None) -> None:
    examiner = Examiner(account)
    pieces = files.read(path, account.limits.file_bytes, size)
    journal = _journal(path, pieces[0], account.limits.file_bytes) if pieces else b""
    if not pieces:
        examiner.file(b"", name)
    for piece in pieces:
        examiner.file(piece, name, journal)
    examiner.examine(attributes(path), "attributes")
    examiner.close()


def _journal(path: StorePath, content: bytes, most: int) -> bytes:
    """The journal beside a database, which holds its latest rows."""
    suffix = ".wal" if content[8:12] == b"DUCK" else "-wal" if content[:6] == b"SQLite" else ""
    log = path.with_name(path.name + suffix)
    if not suffix or not log.is_file() or log.is_symlink():
        return b""
    return b"".join(files.read(log, most))


if __name__ == "__main__":
    main()
