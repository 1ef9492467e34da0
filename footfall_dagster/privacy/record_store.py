"""Where the records of the privacy report are kept: chain, pages, last searches, proofs.

Belongs here: one folder per kind, and writing a file whole or not at all. Does not belong here:
what a record says (`assets.privacy_record`), how records hang together
(`footfall_dagster.privacy.chain`).
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from footfall_dagster.listing import Entry
from footfall_dagster.locks import locked
from footfall_dagster.privacy.chain import Chain, Record
from footfall_dagster.privacy.record_form import CheckForm
from footfall_dagster.report_store import FolderReportStore
from footfall_dagster.store import StorePath, bytes_of, make_folder, matching, place

_CHECK = re.compile(r"\d{4}-\d\d-\d\d\.json")
_PATIENCE_S = 60.0
_LARGEST = 64 * 2**20
"""Bytes of a check; a larger file is none of ours and is not read."""


@dataclass(frozen=True)
class RecordStore:
    """The records of one site below `folder`; see `assets.inspection.Records`."""

    folder: StorePath
    site: str

    @cached_property
    def chain(self) -> Chain:
        """The chain of records."""
        return Chain(self.folder / "records" / f"site={self.site}", self.site)

    @property
    def searches(self) -> StorePath:
        """Folder of the last search of each day."""
        return self.folder / "searches" / f"site={self.site}"

    @property
    def proofs(self) -> StorePath:
        """Folder of the last proof of each day that was proved."""
        return self.folder / "proofs" / f"site={self.site}"

    @cached_property
    def pages(self) -> FolderReportStore:
        """Pages, each of the last record of its day."""
        return FolderReportStore(self.folder / "pages", self.site)

    def keep_search(self, day: dt.date, checked: Mapping[str, Any]) -> None:
        """Store what the search of `day` showed, in place of the one before."""
        _keep(self.searches, day, checked)

    def search_of(self, day: dt.date) -> Mapping[str, Any] | None:
        """What the last search of `day` showed; None where none is there that can be read."""
        form = _form(self.searches / f"{day}.json")
        return None if form is None else form.model_dump(mode="json")

    def keep_proof(self, day: dt.date, checked: Mapping[str, Any]) -> None:
        """Store what a proof of `day` showed, in place of the one before."""
        _keep(self.proofs, day, checked)

    def last_proof(self) -> Mapping[str, Any] | None:
        """What the last proof showed, of whatever day; None where there was none."""
        forms = [form for path in matching(self.proofs, "*.json") if (form := _form(path))]
        last = max(forms, key=lambda form: form.at, default=None)
        return None if last is None else last.model_dump(mode="json")

    def holds_check(self, entry: Entry) -> bool:
        """Whether a file in the folder of searches or proofs is one, and not a byte more."""
        if _CHECK.fullmatch(entry.path.name) is None or entry.size > _LARGEST:
            return False
        try:
            text = bytes_of(entry.path)
            return text == _text(CheckForm.model_validate_json(text))
        except (OSError, ValueError):
            return False

    def append(self, day: dt.date, told: Mapping[str, Any]) -> Record:
        """Write a record at the end of the chain."""
        return self.chain.append(day, told)

    def of_day(self, day: dt.date) -> Sequence[Record]:
        """The records of `day`, oldest first."""
        return self.chain.of_day(day)

    def write_page(self, day: dt.date, html: str) -> str:
        """Store the page of `day`; return its path."""
        return self.pages.write(day, html)


def _keep(folder: StorePath, day: dt.date, checked: Mapping[str, Any]) -> None:
    text = _text(CheckForm.model_validate(checked))
    make_folder(folder)
    with locked(folder, timeout_s=_PATIENCE_S):
        place(folder / f"{day}.json", text)


def _form(path: StorePath) -> CheckForm | None:
    try:
        return CheckForm.model_validate_json(bytes_of(path))
    except (OSError, ValueError):
        return None


def _text(form: CheckForm) -> bytes:
    """The one way in which a check is written by itself."""
    return form.model_dump_json(indent=1).encode() + b"\n"
