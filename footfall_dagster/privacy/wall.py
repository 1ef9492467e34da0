"""The wall: a file becomes readable right of tracking only through pending, check, receipt, rename.

Belongs here: admitting a file, its receipt, refusing to read without one, and looking for what else
lies in a partition's folder. Does not belong here: where partitions lie (`footfall_dagster.lake`).

A pending file is admitted if it holds the contract's columns, each value in its domain, and if its
bytes are exactly those that writing these rows again gives. So nothing can travel in a footer, in
key-value metadata, between row groups or after the end.
"""

import hashlib
import io
from pathlib import Path

import polars as pl

from footfall_dagster.listing import listed
from footfall_dagster.privacy.partition_folder import (
    PART,
    RECEIPT_SUFFIX,
    REFUSAL,
    UNFINISHED,
    PartitionFolder,
    Receipt,
    Refused,
    refusal,
    shown,
)
from footfall_dagster.store import StorePath, place, place_text, sync_folder
from vision.contract_check import Bounds, violations
from vision.contract_terms import Contract

__all__ = [
    "PART",
    "RECEIPT_SUFFIX",
    "REFUSAL",
    "Receipt",
    "Refused",
    "admit",
    "admit_whole",
    "check",
    "encode",
    "fingerprint",
    "inspect",
    "note_refusal",
    "read",
    "strangers",
]


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
    for note in (REFUSAL, UNFINISHED):
        (final.parent / note).unlink(missing_ok=True)
    # Before receipts of what was there go: after a power cut it may be there again.
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
    _drop_others(final.parent, receipt)
    return receipt


def _drop_others(folder: StorePath, receipt: Receipt) -> None:
    """Remove receipts of other content, and what notes that a write was refused."""
    mine = receipt.sha256 + RECEIPT_SUFFIX
    for old in (one.path for one in listed(folder, deep=False)):
        is_of_others = old.name.endswith(RECEIPT_SUFFIX) and old.name != mine
        if is_of_others or old.name in (REFUSAL, UNFINISHED):
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
        place_text(folder / REFUSAL, refusal(contract, name))
        return
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / UNFINISHED
    aside.write_text(refusal(contract, name))
    aside.replace(folder / REFUSAL)
    sync_folder(folder)


def check(folder: StorePath, contract: Contract, name: str) -> tuple[bytes, Receipt]:
    """Content of an admitted file and its receipt; raises as `read` does."""
    look = PartitionFolder(folder, contract, name)
    if look.is_refused:
        raise Refused(
            f"the last write of {contract.name} {name} was refused by the privacy wall, so what "
            "lies there stands for nothing; find the step that made it, then materialise it again"
        )
    content, receipt = look.content, look.receipt
    if beside := look.strangers:
        raise Refused(
            f"beside {contract.name} {name} lies what was not admitted ("
            f"{'; '.join(map(shown, beside))}); look at it, delete it, and find out who wrote it"
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


def strangers(folder: StorePath, contract: Contract, name: str) -> list[str]:
    """What a partition's folder holds besides one admitted file and receipts, said by kind."""
    return [shown(one) for one in PartitionFolder(folder, contract, name).strangers]
