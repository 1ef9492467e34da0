"""Receipts of single files that are replaced whole: a report page, a DuckDB file.

Belongs here: placing a file with its receipt, and telling whether a file is as it was placed. Does
not belong here: partitions of the lake, whose receipts say more (`wall`).

A receipt is named after the file and the hash of its content and is empty otherwise, so that
nothing can stand in it. It is placed first: a run killed in between leaves a whole file, old or
new, with its receipt.
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from footfall_dagster import store
from footfall_dagster.listing import Entry
from footfall_dagster.store import StorePath, bytes_of

_SUFFIX = ".receipt"
_LARGEST = 2**35
"""Bytes; what is larger was not placed here, and hashing it would take minutes."""
_TRIES = 5
_HASH = re.compile(r"[0-9a-f]{64}")
_Held = TypeVar("_Held")


def place(ready: Path, final: Path) -> None:
    """Rename the finished file `ready` to `final`, beside a receipt of its content."""
    receipt = _receipt(final, store.digest(ready))
    receipt.touch()
    ready.replace(final)
    store.sync_folder(final.parent)
    _drop_others(final, receipt)


def place_whole(final: StorePath, content: bytes) -> None:
    """Place a file at `final` beside a receipt, in a bucket, which takes it whole or not at all."""
    receipt = _receipt(final, hashlib.sha256(content).hexdigest())
    store.place(receipt, b"")
    store.place(final, content)
    _drop_others(final, receipt)


def _drop_others(final: StorePath, receipt: StorePath) -> None:
    for old in store.matching(final.parent, f"{final.name}.*{_SUFFIX}"):
        if old != receipt and is_receipt(old):
            old.unlink(missing_ok=True)


def is_vouched(path: StorePath) -> bool:
    """Whether the content of `path` is what was placed there."""
    return _as_placed(path, _LARGEST, lambda one: (store.digest(one), True)) is not None


def content_of(path: StorePath, *, largest: int) -> bytes | None:
    """What was placed at `path`; None where something else is there, nothing, or more bytes."""
    try:
        return _as_placed(path, largest, _hashed)
    except FileNotFoundError:
        return None


def _hashed(path: StorePath) -> tuple[str, bytes]:
    content = bytes_of(path)
    return hashlib.sha256(content).hexdigest(), content


def _as_placed(
    path: StorePath, largest: int, read: Callable[[StorePath], tuple[str, _Held]]
) -> _Held | None:
    """What `read` holds of a file, beside its hash; None where it is not as it was placed."""
    before = None
    for _ in range(_TRIES):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > largest:
            return None
        digest, held = read(path)
        if is_receipt(_receipt(path, digest)):
            return held
        if digest == before:
            return None
        # Somebody may have placed another one meanwhile, and removed the receipt of this.
        before = digest
    return None


def is_receipt(path: StorePath) -> bool:
    """Whether `path` is a receipt, of whatever file: a name and no content."""
    return (
        _names_receipt(path)
        and path.is_file()
        and not path.is_symlink()
        and path.stat().st_size == 0
    )


def is_listed_receipt(entry: Entry) -> bool:
    """Whether what was listed is a receipt, of whatever file."""
    return _names_receipt(entry.path) and entry.is_file and entry.size == 0


def _names_receipt(path: StorePath) -> bool:
    name, _, digest = path.name.removesuffix(_SUFFIX).rpartition(".")
    named = path.name.endswith(_SUFFIX) and bool(name)
    return named and _HASH.fullmatch(digest) is not None


def vouched_for(receipt: StorePath) -> str:
    """Name of the file that a receipt is of."""
    return receipt.name.removesuffix(_SUFFIX).rpartition(".")[0]


def receipt_name(name: str, digest: str) -> str:
    """Name of the receipt of what is called `name` and has this hash."""
    return f"{name}.{digest}{_SUFFIX}"


def _receipt(path: StorePath, digest: str) -> StorePath:
    return path.with_name(receipt_name(path.name, digest))
