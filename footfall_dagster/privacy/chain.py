"""The records of the privacy report: a file each, never rewritten, with the hash of the last one.

Belongs here: appending a record, and finding where the chain of them breaks. Does not belong here:
what a record says of a day (`assets.privacy_report`), how it is shown.

Records stand in the order in which they were written, whatever their days are: a day that comes
late or is materialised again gets a new record at the end. A record is renamed into place whole,
under a lock, so a run killed at any point leaves the chain as it was or one record longer.

What that shows: a record that was changed, or taken out before the last one, no longer fits what
follows. What it cannot show by itself: somebody who may write the disk can drop the last records,
or write all of them anew. So the hash of the last one is told wherever somebody may note it, and
`verify` holds what was noted against what is there. Dagster's event log notes each of them.
"""

import datetime as dt
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall_dagster.listing import Entry, listed
from footfall_dagster.locks import locked
from footfall_dagster.privacy.record_form import FORMAT, RecordForm
from footfall_dagster.store import (
    StorePath,
    bytes_of,
    digest,
    make_folder,
    matching,
    place,
    sync_folder,
)

NOTHING = "0" * 64
"""What the first record names as its predecessor."""
SEAL_DIGITS = 24
_NAME = re.compile(r"(?P<number>\d{6})-(?P<day>\d{4}-\d\d-\d\d)\.json")
_PENDING = ".pending-"
_PATIENCE_S = 60.0
_LARGEST = 64 * 2**20
"""Bytes of a record; a larger file is none of ours and is not read."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies on the disk.

    Attributes:
        number: From 1, in the order of writing.
        day: The trading day of which it tells.
        digest: SHA-256 of the file, 64 hexadecimal digits.
        content: What it holds, its own number, day and predecessor among it.
    """

    number: int
    day: dt.date
    digest: str
    content: Mapping[str, Any]

    @property
    def seal(self) -> str:
        """The beginning of the digest, short enough to be noted by hand: 96 bits."""
        return self.digest[:SEAL_DIGITS]


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold, and why; number 0 is no record in particular."""

    number: int
    why: str

    def __str__(self) -> str:
        return f"record {self.number}: {self.why}" if self.number else self.why


@dataclass(frozen=True, slots=True)
class Verdict:
    """What looking through a chain has shown.

    Attributes:
        head: The last record; None where there is none that can be read.
        records: How many files were looked at.
        bytes: Their size.
        breaks: Where it does not hold, in order.
    """

    head: Record | None
    records: int
    bytes: int
    breaks: tuple[Break, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """The records of one site in `folder`, which holds nothing else."""

    folder: StorePath
    site: str

    def append(self, day: dt.date, told: Mapping[str, Any]) -> Record:
        """Write a record of `day` at the end of the chain.

        Args:
            day: The trading day of which it tells.
            told: The fields of `RecordForm` that are not the chain's own.

        Raises:
            LockTimeoutError: Another writer did not finish in time.
            ValueError: `told` has not the form of a record.
        """
        make_folder(self.folder)
        with locked(self.folder, timeout_s=_PATIENCE_S):
            self._remove_pending()
            last = next(reversed(self._files()), None)
            content = {
                **told,
                "format": FORMAT,
                "site": self.site,
                "day": day,
                "number": last[0] + 1 if last else 1,
                # Whatever lies there now: that it was changed shows at its own place.
                "previous": _digest(bytes_of(last[1].path)) if last else NOTHING,
            }
            text = _canonical(RecordForm.model_validate(content).model_dump(mode="json"))
            self._place(f"{content['number']:06}-{day}.json", text)
        return Record(content["number"], day, _digest(text), json.loads(text))

    def _place(self, name: str, text: bytes) -> None:
        if not isinstance(self.folder, Path):
            place(self.folder / name, text)
            return
        pending = self.folder / f"{_PENDING}{uuid.uuid4().hex}"
        with pending.open("xb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        pending.rename(self.folder / name)
        sync_folder(self.folder)

    def tidy(self) -> None:
        """Remove what a killed writer left."""
        if self.folder.is_dir():
            with locked(self.folder, timeout_s=_PATIENCE_S):
                self._remove_pending()

    def of_day(self, day: dt.date) -> list[Record]:
        """Readable records of `day`, oldest first."""
        return [
            record
            for number, entry in self._files()
            if entry.path.stem.endswith(str(day))
            and isinstance(record := self._read(number, entry), Record)
        ]

    def verify(self, noted: Iterable[tuple[int, str]] = ()) -> Verdict:
        """Look through the whole chain.

        Args:
            noted: Numbers and seals that were written down elsewhere, or more of a digest than
                its seal; one whose number is not known comes with 0.
        """
        breaks = [Break(0, why) for why in self._strangers()]
        digests: dict[int, str] = {}
        head, size, before = None, 0, NOTHING
        for number, entry in self._files():
            if number in digests:
                breaks.append(Break(number, "there are two of this number"))
                continue
            breaks.extend(
                Break(gone, "is gone") for gone in range(max(digests, default=0) + 1, number)
            )
            size += entry.size
            record = self._read(number, entry)
            if isinstance(record, Record):
                follows = number == 1 or number - 1 in digests
                head, digests[number] = record, record.digest
                if follows and record.content["previous"] != before:
                    breaks.append(Break(number, "does not fit the one before, so one was changed"))
            else:
                digests[number] = digest(entry.path)
                breaks.append(Break(number, record))
            before = digests[number]
        breaks.extend(_against(noted, digests))
        return Verdict(head, len(digests), size, tuple(sorted(breaks, key=lambda one: one.number)))

    def holds(self, entry: Entry) -> bool:
        """Whether a file of the folder is a record, and not a byte more."""
        number = _number(entry)
        return number is not None and isinstance(self._read(number, entry), Record)

    def _files(self) -> list[tuple[int, Entry]]:
        """What lies in the folder and is named as a record is, in the order of its numbers."""
        found = (
            (number, entry)
            for entry in listed(self.folder, deep=False)
            if (number := _number(entry)) is not None
        )
        return sorted(found, key=lambda one: (one[0], str(one[1].path)))

    def _strangers(self) -> list[str]:
        # A pending file is what a killed writer leaves, or what one writes just now.
        others = [
            entry
            for entry in listed(self.folder, deep=False)
            if _number(entry) is None and not entry.path.name.startswith(_PENDING)
        ]
        return [f"{len(others)} files beside the records are none"] if others else []

    def _remove_pending(self) -> None:
        for leftover in matching(self.folder, f"{_PENDING}*"):
            leftover.unlink(missing_ok=True)

    def _read(self, number: int, entry: Entry) -> Record | str:
        """The record in a file, or why it is none."""
        if entry.size > _LARGEST:
            return "is larger than any record"
        path = entry.path
        text = bytes_of(path)
        try:
            content = RecordForm.model_validate_json(text).model_dump(mode="json")
        except ValueError:
            return "cannot be read as a record: it was changed, or cut short"
        if _canonical(content) != text:
            return "is not written as records are"
        day = path.stem.split("-", 1)[1]
        told = (content["number"], content["day"], content["site"])
        if told != (number, day, self.site):
            return "tells of another number, day or site than its name"
        return Record(number, dt.date.fromisoformat(day), _digest(text), content)


def _against(noted: Iterable[tuple[int, str]], digests: Mapping[int, str]) -> Iterator[Break]:
    for number, seal in dict.fromkeys(noted):
        if not any(digest.startswith(seal) for digest in digests.values()):
            why = "has another content than was noted" if number in digests else "is gone, as noted"
            yield Break(number, f"{why} elsewhere with the hash {seal[:SEAL_DIGITS]}")


def _number(entry: Entry) -> int | None:
    """The number that a plain file is named after; None where it has no name of a record."""
    name = _NAME.fullmatch(entry.path.name)
    return int(name["number"]) if name is not None and entry.is_file else None


def _canonical(content: Mapping[str, Any]) -> bytes:
    """The one way in which a record is written."""
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
