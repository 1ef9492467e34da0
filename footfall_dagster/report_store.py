"""Where pages are kept: folders, one file per site and day, each with its receipt.

Belongs here: writing a page whole or not at all. Does not belong here: what is on it
(`assets.reports`, `footfall_dagster.checks.data_docs`), or what may be
(`footfall_dagster.privacy.pages`).
"""

import datetime as dt
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from footfall_dagster.privacy import ledger, vouched
from footfall_dagster.privacy.pages import page_trouble
from footfall_dagster.privacy.wall import Refused
from footfall_dagster.settings import Settings
from footfall_dagster.store import StorePath, matching

_PAGE = re.compile(r"\d{4}-\d\d-\d\d\.html")
_LARGEST = 64 * 2**20
"""Bytes of a page."""


@dataclass(frozen=True, slots=True)
class FolderReportStore:
    """Pages of one site below `folder`."""

    folder: StorePath
    site: str

    def page(self, day: dt.date) -> StorePath:
        """The file of the page of `day`, whether or not it is there."""
        return self.folder / f"site={self.site}" / f"{day}.html"

    def write(self, day: dt.date, html: str) -> str:
        """Store the page of `day` in place of the one before; return its path.

        Raises:
            Refused: The page holds more than plain text and drawn shapes.
        """
        if kind := page_trouble(html):
            raise Refused(
                f"the page of {day} was not stored: it holds what may be more than plain text and "
                f"drawn shapes ({kind})"
            )
        page = self.page(day)
        if not isinstance(page, Path):
            vouched.place_whole(page, html.encode())
            return str(page)
        page.parent.mkdir(parents=True, exist_ok=True)
        for leftover in page.parent.glob(f".{page.name}.*"):
            leftover.unlink(missing_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=page.parent, prefix=f".{page.name}.", delete=False
        ) as file:
            file.write(html)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).chmod(0o644)
        vouched.place(Path(file.name), page)
        return str(page)

    def days(self) -> list[dt.date]:
        """Days that have a page, sorted."""
        folder = self.page(dt.date.min).parent
        found = [path.stem for path in matching(folder, "*.html") if _PAGE.fullmatch(path.name)]
        return sorted(map(dt.date.fromisoformat, found))

    def delete(self, day: dt.date) -> None:
        """Delete the page of `day` and its receipt, if they are there."""
        page = self.page(day)
        page.unlink(missing_ok=True)
        for path in matching(page.parent, f"{page.name}.*"):
            if vouched.is_receipt(path):
                path.unlink(missing_ok=True)

    def written(self, path: StorePath) -> str | None:
        """The page at `path`; None where it is none as this store wrote it."""
        if _PAGE.fullmatch(path.name) is None:
            return None
        content = vouched.content_of(path, largest=_LARGEST)
        return None if content is None else content.decode()

    def is_receipt(self, path: StorePath) -> bool:
        """Whether `path` is a page's receipt."""
        return vouched.is_receipt(path) and _PAGE.fullmatch(vouched.vouched_for(path)) is not None


def report_stores(settings: Settings, site: str) -> dict[str, FolderReportStore]:
    """Every folder of pages, by the name under which the ledger knows its pages.

    Each kind of page has a folder of its own, so that who hands one on cannot hand on another.
    """
    return {
        ledger.REPORTS: FolderReportStore(settings.reports, site),
        ledger.PUBLIC_REPORTS: FolderReportStore(settings.public_reports, site),
        ledger.DATA_DOCS: FolderReportStore(settings.data_docs, site),
        # By the first day of the week: with it the page goes.
        ledger.WEEKLY_REPORTS: FolderReportStore(settings.weekly_reports, site),
    }
