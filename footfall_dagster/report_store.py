"""Where report pages are kept: a folder, one file per site and day.

Belongs here: writing a page whole or not at all. Does not belong here: what is on it
(`assets.report`).
"""

import datetime as dt
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FolderReportStore:
    """Pages of one site below `folder`."""

    folder: Path
    site: str

    def page(self, day: dt.date) -> Path:
        """The file of the page of `day`, whether or not it is there."""
        return self.folder / f"site={self.site}" / f"{day}.html"

    def write(self, day: dt.date, html: str) -> str:
        """Store the page of `day` in place of the one before; return its path."""
        page = self.page(day)
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
        Path(file.name).replace(page)
        return str(page)
