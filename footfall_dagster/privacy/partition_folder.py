"""What lies in a partition's folder: one admitted file, its receipt, and whatever else.

Belongs here: receipts, and looking at such a folder without trusting anything in it. Does not
belong here: letting a file in, and what is to be said where one may not be read
(`footfall_dagster.privacy.wall`).
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from footfall_dagster.listing import Entry, listed
from footfall_dagster.store import StorePath, bytes_of
from vision.contract_terms import Contract

RECEIPT_SUFFIX = ".receipt.json"
PART = "part.parquet"
REFUSAL = "refused.json"
"""Beside a partition whose last write the wall refused; says which partition and no more."""
UNFINISHED = f".{REFUSAL}"
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


def refusal(contract: Contract, name: str) -> str:
    """The note that the last write of a partition was refused; any other text is none."""
    told = {"dataset": contract.name, "partition": name, "reason": "privacy_failed"}
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


class PartitionFolder:
    """What lies in a partition's folder, listed once, of which each file is read once.

    Only plain files are read, as a pipe would be read for ever, and of them none that is larger
    than what it should be.
    """

    def __init__(
        self,
        folder: StorePath,
        contract: Contract,
        name: str,
        entries: Iterable[Entry] | None = None,
    ) -> None:
        """Look at the folder of a partition of this name.

        Args:
            folder: Where it lies.
            contract: Of its dataset.
            name: As Dagster writes it.
            entries: What lies there, where it was listed already.
        """
        self._folder, self._contract, self._name = folder, contract, name
        self._found = list(listed(folder) if entries is None else entries)
        # In a bucket several may have one path: what is no file lies behind the one that is.
        by_path = sorted(self._found, key=lambda one: one.is_file)
        self.entries = {one.path: one for one in by_path}
        self._texts: dict[StorePath, bytes] = {}

    @cached_property
    def is_refused(self) -> bool:
        """Whether the last write was refused."""
        try:
            text = self._text(self._folder / REFUSAL)
        except (OSError, ValueError):
            return False
        return text == refusal(self._contract, self._name)

    @cached_property
    def content(self) -> bytes:
        """Bytes of the partition; raises `FileNotFoundError`, or `Refused` where they are none."""
        part = self.entries.get(self._folder / PART)
        what = f"{self._contract.name} {self._name}"
        if part is None:
            raise FileNotFoundError(str(self._folder / PART))
        if not part.is_file:
            raise Refused(f"{what} is no file, so it was not written by the lake")
        if part.size > _LARGEST:
            raise Refused(f"{what} is larger than any partition, so it was not written by the lake")
        return bytes_of(part.path)

    @cached_property
    def receipt(self) -> Receipt:
        """The receipt of the content; raises `Refused` where none matches."""
        digest = hashlib.sha256(self.content).hexdigest()
        receipt = self.receipt_named(digest, len(self.content))
        if receipt is None:
            raise Refused(
                f"{self._contract.name} {self._name} has no receipt that matches its content, so "
                "it was not written through the wall or was changed since; materialise the "
                "partition again"
            )
        return receipt

    def receipt_named(self, digest: str, size: int) -> Receipt | None:
        """The receipt of content of this hash and size; None where there is none."""
        receipt = self._receipt_at(self._folder / (digest + RECEIPT_SUFFIX))
        return receipt if receipt is not None and receipt.bytes == size else None

    @property
    def strangers(self) -> list[Entry]:
        """What lies there besides one admitted file, receipts, and a note of a refusal.

        A run killed between placing a receipt and its file leaves a sound receipt of other content,
        which the next run removes; it says no more than a hash.
        """
        return [one for one in self._found if not self._belongs(one)]

    def _belongs(self, entry: Entry) -> bool:
        if entry.is_folder and not isinstance(entry.path, Path):
            return True  # A bucket's folder is nothing by itself: what lies in it is told of.
        if entry is not self.entries[entry.path]:
            return False
        if entry.path == self._folder / PART:
            return self._is_admitted
        if entry.path == self._folder / REFUSAL and self.is_refused:
            return True
        return self._receipt_at(entry.path) is not None

    @property
    def _is_admitted(self) -> bool:
        try:
            return bool(self.receipt)
        except Refused:
            return False

    def _receipt_at(self, path: StorePath) -> Receipt | None:
        """The receipt that a file holds, if it holds that and not a byte more."""
        try:
            text = self._text(path)
            told = Receipt(**json.loads(text))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        sound = (
            (told.dataset, told.partition) == (self._contract.name, self._name)
            and path.name == f"{told.sha256}{RECEIPT_SUFFIX}"
            and all(type(n) is int and 0 <= n < _MOST for n in (told.bytes, told.rows))
            and re.fullmatch(r"[0-9a-f]{16}", str(told.contract)) is not None
            and re.fullmatch(r"([0-9a-f]{64})?", str(told.source)) is not None
            and text == told.text
        )
        return told if sound else None

    def _text(self, path: StorePath) -> str:
        """Text of a file of our own; raises `ValueError` where it is none, or longer than any."""
        entry = self.entries.get(path)
        if entry is None or not entry.is_file or entry.size > _LONGEST_RECEIPT:
            raise ValueError
        if path not in self._texts:
            self._texts[path] = bytes_of(path)
        return self._texts[path].decode()


def shown(entry: Entry) -> str:
    """What is to be said of something that does not belong there."""
    # A name is chosen by whoever wrote the file and may itself carry something: sizes only.
    return f"{_kind(entry)} of {entry.size} bytes"


def _kind(entry: Entry) -> str:
    if entry.path.is_symlink():
        return "a link"
    if entry.is_folder:
        return "a folder"
    return "a Parquet file without a matching receipt" if entry.path.name == PART else "a file"
