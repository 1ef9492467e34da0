"""The ledger of what was deleted by age: a receipt for each partition that was purged.

Belongs here: receipts of purges, where they lie, and what may lie there. Does not belong here: what
is deleted and when (`retention`, `purge`).

The ledger is the folder `_purged` of the lake. The only files that may stand in it are

    <dataset>/site=<id>/date=<YYYY-MM-DD>/[camera=<id>/]<YYYYMMDDTHHMMSSZ>[.untold].json

each of which holds one `PurgeReceipt` and not a byte more: a hash, sizes, a time and a rule, no
content. `untold` means that Dagster has not been told of it yet. `strangers` names everything else.
A dataset is one of the lake, `recordings`, `marts` or a kind of page; the last two are of
site-days, and weeks go by their first.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from footfall_dagster.listing import listed
from footfall_dagster.store import (
    StorePath,
    bytes_of,
    matching,
    place_text,
    rename,
    sync_folder,
    within,
)
from vision.contracts import LAKE, ZONE_DEMOGRAPHICS_DAILY

FOLDER = "_purged"
RECORDINGS, MARTS = "recordings", "marts"
REPORTS, PUBLIC_REPORTS, WEEKLY_REPORTS = "reports", "public_reports", "weekly_reports"
DATA_DOCS = "data_docs"
OBJECTIONS = "objections"
"""Begins the rule of what was deleted because somebody objected."""
DATASETS = frozenset(
    (
        *LAKE,
        ZONE_DEMOGRAPHICS_DAILY.name,
        RECORDINGS,
        MARTS,
        REPORTS,
        PUBLIC_REPORTS,
        DATA_DOCS,
        WEEKLY_REPORTS,
    )
)

_RECEIPT = re.compile(r"\d{8}T\d{6}Z(\.untold)?\.json")
_PLACE = re.compile(
    r"(?P<dataset>[a-z0-9_]+)/site=(?P<site>[a-z0-9_]+)/date=(?P<day>\d{4}-\d\d-\d\d)"
    r"(/camera=(?P<camera>[a-z0-9_]+))?/[^/]+"
)
_RULE = re.compile(r"[a-z_.]{1,60}=\d{1,4}")
_UNTOLD, _TOLD = ".untold.json", ".json"
_MOST = 2**60


@dataclass(frozen=True, slots=True)
class PurgeReceipt:
    """What was deleted: which partition, the hash and size of what was there, when, why.

    Attributes:
        dataset: One of `DATASETS`.
        partition: As Dagster writes it: `camera|date`, or `date`.
        sha256: Of the file; where there were several, of their hashes, one to a line.
        bytes: Of all files together.
        rows: That the file had; files, for recordings; pages, for reports and Data Docs.
        purged_at: UTC, whole seconds, as ISO 8601 with a Z.
        rule: The field of the site's retention and its number, or of its objections.
    """

    dataset: str
    partition: str
    sha256: str
    bytes: int
    rows: int
    purged_at: str
    rule: str

    @property
    def text(self) -> str:
        """The one way in which a receipt is written."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    def __str__(self) -> str:
        """When and under which rule, as a message says it."""
        why = "for an objection" if self.rule.startswith(f"{OBJECTIONS}.") else "by age"
        return f"deleted {why} on {self.purged_at} under {self.rule}"


def stamp(now: dt.datetime) -> str:
    """A moment as receipts write it."""
    return now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Ledger:
    """Receipts of one site below `root`."""

    root: StorePath
    site: str

    def folder(self, dataset: str, partition: str) -> StorePath:
        """Where the receipts of a partition lie."""
        camera, _, day = partition.rpartition("|")
        below = self.root / dataset / f"site={self.site}" / f"date={day}"
        return below / f"camera={camera}" if camera else below

    def add(self, receipt: PurgeReceipt) -> StorePath:
        """Store a receipt, whole or not at all, as one of which Dagster has not been told."""
        folder = self.folder(receipt.dataset, receipt.partition)
        final = folder / (re.sub(r"[-:]", "", receipt.purged_at) + _UNTOLD)
        # Only the holder of the purge's lock writes here.
        place_text(final, receipt.text)
        return final

    @contextmanager
    def of(self, *receipts: PurgeReceipt) -> Iterator[None]:
        """Store receipts of what is deleted within, and take them back where that fails.

        Else what is still there would be told as deleted.
        """
        noted = [self.add(receipt) for receipt in receipts]
        try:
            yield
        except Exception:
            for path in noted:
                self.retract(path)
            raise

    def retract(self, path: StorePath) -> None:
        """Take back the receipt of a purge that could not be carried out."""
        path.unlink()
        sync_folder(path.parent)

    def last(self, dataset: str, partition: str) -> PurgeReceipt | None:
        """The receipt of the partition's last purge; None where it was never purged."""
        found = matching(self.folder(dataset, partition), f"*{_TOLD}")
        return self._at(found[-1]) if found else None

    def is_begun(self, dataset: str, partition: str) -> bool:
        """Whether a purge of the partition has begun and Dagster has not been told of its end."""
        return bool(matching(self.folder(dataset, partition), f"*{_UNTOLD}"))

    def untold(self) -> Iterator[tuple[StorePath, PurgeReceipt]]:
        """Purges of which Dagster has not been told, the oldest of a partition first."""
        for path in matching(self.root, f"*/site={self.site}/**/*{_UNTOLD}"):
            receipt = self._at(path)
            if receipt is not None:
                yield path, receipt

    def told(self, path: StorePath) -> None:
        """Note that Dagster knows."""
        rename(path, path.name.removesuffix(_UNTOLD) + _TOLD)

    def receipts(self) -> Iterator[PurgeReceipt]:
        """Every receipt of the site."""
        for path in matching(self.root, f"*/site={self.site}/**/*{_TOLD}"):
            if (receipt := self._at(path)) is not None:
                yield receipt

    @property
    def number(self) -> int:
        """How many receipts of the site there are, by their names."""
        return len(matching(self.root, f"*/site={self.site}/**/*{_TOLD}"))

    def strangers(self) -> list[StorePath]:
        """Whatever lies in the ledger and is no receipt as this module writes it, of any site."""
        return [
            entry.path
            for entry in listed(self.root)
            # A pipe would be read for ever.
            if not entry.is_folder and not (entry.is_file and self._at(entry.path))
        ]

    def _at(self, path: StorePath) -> PurgeReceipt | None:
        place = _PLACE.fullmatch("/".join(within(path, self.root)))
        if place is None or not _RECEIPT.fullmatch(path.name) or path.is_symlink():
            return None
        try:
            text = bytes_of(path).decode()
            told = PurgeReceipt(**json.loads(text))
            sound = text == told.text and _is_sound(told)
        except (OSError, ValueError, TypeError):
            return None
        partition = f"{place['camera']}|{place['day']}" if place["camera"] else place["day"]
        named = re.sub(r"[-:]", "", told.purged_at)
        belongs = (told.dataset, told.partition) == (place["dataset"], partition)
        return told if sound and belongs and path.name.startswith(f"{named}.") else None


def _is_sound(told: PurgeReceipt) -> bool:
    return (
        told.dataset in DATASETS
        and re.fullmatch(r"[0-9a-f]{64}", told.sha256) is not None
        and all(type(n) is int and 0 <= n < _MOST for n in (told.bytes, told.rows))
        and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told.purged_at) is not None
        and _RULE.fullmatch(told.rule) is not None
    )
