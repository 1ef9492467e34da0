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
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from vision.contract_check import Bounds, violations
from vision.contracts import Contract

_RECEIPT_SUFFIX = ".receipt.json"
PART = "part.parquet"


class Refused(Exception):  # noqa: N818 - the word of the docs
    """The wall does not let a file pass. The message names rules and counts, never a value."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was admitted: the file's hash and size, and the contract it was held against."""

    dataset: str
    partition: str
    sha256: str
    bytes: int
    rows: int
    contract: str


def encode(frame: pl.DataFrame) -> bytes:
    """The one way in which rows become a Parquet file; equal rows give equal bytes."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=True)
    return buffer.getvalue()


def fingerprint(contract: Contract) -> str:
    """A name for this version of a contract."""
    return hashlib.sha256(repr(contract).encode()).hexdigest()[:16]


def admit(pending: Path, final: Path, contract: Contract, bounds: Bounds, name: str) -> Receipt:
    """Check `pending` and, if it may pass, write its receipt and rename it to `final`.

    The receipt is named after the content and placed first, so that a reader finds a matching one
    at every moment, and a run killed in between leaves either the old file or the new one.

    Raises:
        Refused: The file breaks the contract or holds anything besides its rows. The pending file
            is deleted: it may hold what must not be kept.
    """
    try:
        receipt = _inspect(pending, contract, bounds, name)
    except Refused:
        pending.unlink()
        raise
    final.parent.mkdir(parents=True, exist_ok=True)
    _write_receipt(pending.with_suffix(".json"), final.parent, receipt)
    pending.replace(final)
    _sync(final.parent)
    for old in final.parent.glob(f"*{_RECEIPT_SUFFIX}"):
        if old.name != receipt.sha256 + _RECEIPT_SUFFIX:
            old.unlink(missing_ok=True)
    return receipt


def _inspect(pending: Path, contract: Contract, bounds: Bounds, name: str) -> Receipt:
    content = pending.read_bytes()
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
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        rows=frame.height,
        contract=fingerprint(contract),
    )


def read(final: Path, contract: Contract, name: str) -> pl.DataFrame:
    """Rows of an admitted file.

    Raises:
        FileNotFoundError: There is no such file.
        Refused: The file has no receipt that matches its content, dataset and partition.
    """
    content = final.read_bytes()
    receipt_of(final.parent, content, contract, name)
    return pl.read_parquet(io.BytesIO(content), hive_partitioning=False)


def receipt_of(folder: Path, content: bytes, contract: Contract, name: str) -> Receipt:
    """The receipt of `content` in `folder`; raises `Refused` where none matches."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        receipt = Receipt(**json.loads((folder / (digest + _RECEIPT_SUFFIX)).read_text()))
    except (OSError, ValueError, TypeError):
        receipt = None
    matches = receipt is not None and (
        (receipt.dataset, receipt.partition, receipt.sha256) == (contract.name, name, digest)
    )
    if receipt is None or not matches:
        raise Refused(
            f"{contract.name} {name} has no receipt that matches its content, so it was not "
            "written through the wall or was changed since; materialise the partition again"
        )
    return receipt


def strangers(folder: Path, contract: Contract, name: str) -> list[str]:
    """What a partition's folder holds besides one admitted file and its receipt, said by kind."""
    expected: set[str] = set()
    part = folder / PART
    if part.is_file():
        content = part.read_bytes()
        try:
            receipt = receipt_of(folder, content, contract, name)
            expected = {PART, receipt.sha256 + _RECEIPT_SUFFIX}
        except Refused:
            expected = set()
    present = [path for path in folder.rglob("*") if path.name not in expected or path.is_symlink()]
    # A name is chosen by whoever wrote the file and may itself carry something: sizes only.
    return [f"{_kind(path)} of {path.lstat().st_size} bytes" for path in present]


def _kind(path: Path) -> str:
    if path.is_symlink():
        return "a link"
    if path.is_dir():
        return "a folder"
    if path.name == PART:
        return "a Parquet file without a matching receipt"
    return "a receipt of other content" if path.name.endswith(_RECEIPT_SUFFIX) else "a file"


def _write_receipt(aside: Path, folder: Path, receipt: Receipt) -> None:
    aside.write_text(json.dumps(asdict(receipt), indent=1, sort_keys=True) + "\n")
    aside.replace(folder / (receipt.sha256 + _RECEIPT_SUFFIX))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
