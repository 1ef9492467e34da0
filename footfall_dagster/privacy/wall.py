"""The wall: a file becomes readable right of tracking only through pending, check, receipt, rename.

Belongs here: admitting a file, its receipt, refusing to read without one, and looking for what else
lies in a partition's folder. Does not belong here: where partitions lie (`footfall_dagster.lake`).

A pending file is admitted if it holds the contract's columns, each value in its domain, and if its
bytes are exactly those that writing these rows again gives. So nothing can travel in a footer, in
key-value metadata, between row groups or after the end.
"""

import hashlib
import io
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from footfall_dagster.store import (
    StorePath,
    below,
    matching,
    place,
    place_text,
    sync_folder,
    told_of,
)
from vision.contract_check import Bounds, violations
from vision.contract_terms import Contract

RECEIPT_SUFFIX = ".receipt.json"
PART = "part.parquet"
REFUSAL = "refused.json"
"""Beside a partition whose last write the wall refused; says which partition and no more."""
_UNFINISHED = f".{REFUSAL}"
"""What a run leaves that is killed while it notes a refusal; nothing is read beside it either."""
_MOST = 2**40
_LARGEST, _LONGEST_RECEIPT = 2**33, 4096
"""Bytes of a partition and of a receipt; what is larger is neither, and is not read."""


class Refused(Exception):  # noqa: N818 - the word of the docs
    """The wall does not let a file pass. The message names rules and counts, never a value."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was admitted: the file's hash and size, and the contract it was held against.

    `source` is the hash of the `camera_exports` file from which the partition was made, directly or
    not; empty where that is not known. Partitions of one camera-day belong together if it is equal.
    """

    dataset: str
    partition: str
    source: str
    sha256: str
    bytes: int
    rows: int
    contract: str

    @property
    def handed_on(self) -> str:
        """The source of what is made from this partition."""
        return self.source or self.sha256

    @property
    def text(self) -> str:
        """The one way in which a receipt is written: any other text is refused."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"


def encode(frame: pl.DataFrame) -> bytes:
    """The one way in which rows become a Parquet file; equal rows give equal bytes."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=True)
    return buffer.getvalue()


def fingerprint(contract: Contract) -> str:
    """A name for this version of a contract."""
    return hashlib.sha256(repr(contract).encode()).hexdigest()[:16]


def admit(
    pending: Path, final: Path, contract: Contract, bounds: Bounds, name: str, source: str = ""
) -> Receipt:
    """Check `pending` and, if it may pass, write its receipt and rename it to `final`.

    The receipt is named after the content and placed first, so that a run killed in between leaves
    either the old file or the new one, each with a receipt that matches.

    Raises:
        Refused: The file breaks the contract or holds anything besides its rows. The pending file
            is deleted: it may hold what must not be kept.
    """
    try:
        receipt = inspect(pending.read_bytes(), contract, bounds, name, source)
    except Refused:
        pending.unlink()
        raise
    final.parent.mkdir(parents=True, exist_ok=True)
    aside = pending.with_suffix(".json")
    aside.write_text(receipt.text)
    aside.replace(final.parent / (receipt.sha256 + RECEIPT_SUFFIX))
    pending.replace(final)
    for note in (REFUSAL, _UNFINISHED):
        (final.parent / note).unlink(missing_ok=True)
    sync_folder(final.parent)
    _drop_others(final.parent, receipt)
    return receipt


def admit_whole(
    content: bytes,
    final: StorePath,
    contract: Contract,
    bounds: Bounds,
    name: str,
    source: str = "",
) -> Receipt:
    """Check `content` and, if it may pass, place its receipt and then the file at `final`.

    For a place that takes a file whole or not at all, where nothing need be pending.

    Raises:
        Refused: The content breaks the contract or holds anything besides its rows.
    """
    receipt = inspect(content, contract, bounds, name, source)
    place_text(final.parent / (receipt.sha256 + RECEIPT_SUFFIX), receipt.text)
    place(final, content)
    (final.parent / REFUSAL).unlink(missing_ok=True)
    _drop_others(final.parent, receipt)
    return receipt


def _drop_others(folder: StorePath, receipt: Receipt) -> None:
    for old in matching(folder, f"*{RECEIPT_SUFFIX}"):
        if old.name != receipt.sha256 + RECEIPT_SUFFIX:
            old.unlink(missing_ok=True)


def inspect(
    content: bytes, contract: Contract, bounds: Bounds, name: str, source: str = ""
) -> Receipt:
    """The receipt of `content`; raises `Refused` where it may not pass."""
    try:
        frame = pl.read_parquet(io.BytesIO(content), hive_partitioning=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Refused(
            f"{contract.name} {name}: not a Parquet file ({type(error).__name__})"
        ) from None
    found = violations(frame, contract, bounds)
    if found:
        raise Refused(
            f"{contract.name} {name} breaks its contract: " + "; ".join(str(v) for v in found)
        )
    if encode(frame) != content:
        raise Refused(
            f"{contract.name} {name}: the file holds bytes besides its rows "
            "(metadata, gaps or a foreign writer); write it through the lake"
        )
    return Receipt(
        dataset=contract.name,
        partition=name,
        source=source,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        rows=frame.height,
        contract=fingerprint(contract),
    )


def note_refusal(folder: StorePath, contract: Contract, name: str) -> None:
    """Leave a note beside a partition that its last write was refused; admission removes it."""
    if not isinstance(folder, Path):
        place_text(folder / REFUSAL, _refusal(contract, name))
        return
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / _UNFINISHED
    aside.write_text(_refusal(contract, name))
    aside.replace(folder / REFUSAL)
    sync_folder(folder)


def is_refused(folder: StorePath, contract: Contract, name: str) -> bool:
    """Whether the last write of a partition was refused."""
    try:
        return _short(folder / REFUSAL) == _refusal(contract, name)
    except (OSError, ValueError):
        return False


def _short(path: StorePath) -> str:
    """Text of a file of our own; raises `ValueError` where it is none, or longer than any."""
    # A pipe would be read for ever.
    if not path.is_file() or path.stat().st_size > _LONGEST_RECEIPT:
        raise ValueError
    return path.read_text()


def content_of(path: StorePath, what: str) -> bytes:
    """Bytes of a partition; raises `Refused` where it is larger than one can be."""
    if path.exists() and not path.is_file():
        raise Refused(f"{what} is no file, so it was not written by the lake")
    if path.stat().st_size > _LARGEST:
        raise Refused(f"{what} is larger than any partition, so it was not written by the lake")
    return path.read_bytes()


def _refusal(contract: Contract, name: str) -> str:
    told = {"dataset": contract.name, "partition": name, "reason": "privacy_failed"}
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


def check(folder: StorePath, contract: Contract, name: str) -> tuple[bytes, Receipt]:
    """Content of an admitted file and its receipt; raises as `read` does."""
    if is_refused(folder, contract, name):
        raise Refused(
            f"the last write of {contract.name} {name} was refused by the privacy wall, so what "
            "lies there stands for nothing; find the step that made it, then materialise it again"
        )
    content = content_of(folder / PART, f"{contract.name} {name}")
    receipt = receipt_of(folder, content, contract, name)
    if beside := strangers(folder, contract, name):
        raise Refused(
            f"beside {contract.name} {name} lies what was not admitted ({'; '.join(beside)}); look "
            "at it, delete it, and find out who wrote it"
        )
    return content, receipt


def read(final: StorePath, contract: Contract, name: str) -> tuple[pl.DataFrame, Receipt]:
    """Rows of an admitted file, and its receipt.

    Raises:
        FileNotFoundError: There is no such file.
        Refused: The file has no receipt that matches its content, dataset and partition, something
            else lies beside it, or the last write was refused.
    """
    content, receipt = check(final.parent, contract, name)
    return pl.read_parquet(io.BytesIO(content), hive_partitioning=False), receipt


def receipt_of(folder: StorePath, content: bytes, contract: Contract, name: str) -> Receipt:
    """The receipt of `content` in `folder`; raises `Refused` where none matches."""
    digest = hashlib.sha256(content).hexdigest()
    receipt = receipt_named(folder, digest, len(content), contract, name)
    if receipt is None:
        raise Refused(
            f"{contract.name} {name} has no receipt that matches its content, so it was not "
            "written through the wall or was changed since; materialise the partition again"
        )
    return receipt


def receipt_named(
    folder: StorePath, digest: str, size: int, contract: Contract, name: str
) -> Receipt | None:
    """The receipt in `folder` of content of this hash and size; None where there is none."""
    receipt = _receipt_at(folder / (digest + RECEIPT_SUFFIX), contract, name)
    return receipt if receipt is not None and receipt.bytes == size else None


def _receipt_at(path: StorePath, contract: Contract, name: str) -> Receipt | None:
    """The receipt that a file holds, if it holds that and not a byte more."""
    try:
        text = _short(path)
        told = Receipt(**json.loads(text))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    sound = (
        (told.dataset, told.partition) == (contract.name, name)
        and path.name == f"{told.sha256}{RECEIPT_SUFFIX}"
        and all(type(n) is int and 0 <= n < _MOST for n in (told.bytes, told.rows))
        and re.fullmatch(r"[0-9a-f]{16}", str(told.contract)) is not None
        and re.fullmatch(r"([0-9a-f]{64})?", str(told.source)) is not None
        and text == told.text
    )
    return told if sound else None


def strangers(folder: StorePath, contract: Contract, name: str) -> list[str]:
    """What a partition's folder holds besides one admitted file and receipts, said by kind."""
    # A name is chosen by whoever wrote the file and may itself carry something: sizes only.
    return [
        f"{_kind(path)} of {told_of(path).st_size} bytes"
        for path in stranger_paths(folder, contract, name)
    ]


def stranger_paths(folder: StorePath, contract: Contract, name: str) -> list[StorePath]:
    """What a partition's folder holds besides one admitted file, receipts, a note of a refusal.

    A run killed between placing a receipt and its file leaves a sound receipt of other content,
    which the next run removes; it says no more than a hash.
    """
    part = folder / PART
    admitted = False
    if part.is_file() and not part.is_symlink():
        try:
            receipt_of(folder, content_of(part, name), contract, name)
            admitted = True
        except Refused:
            admitted = False
    return [
        path
        for path in below(folder)
        if not (path == part and admitted)
        and not (path.name == REFUSAL and is_refused(folder, contract, name))
        and (path.is_symlink() or _receipt_at(path, contract, name) is None)
    ]


def _kind(path: StorePath) -> str:
    if path.is_symlink():
        return "a link"
    if path.is_dir():
        return "a folder"
    return "a Parquet file without a matching receipt" if path.name == PART else "a file"
