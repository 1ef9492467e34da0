"""Which rows of the exact marts have passed their blocking checks: nothing else is released.

Belongs here: keeping and asking for verdicts. Does not belong here: the checks
(`footfall_dagster.checks.marts`), what is released of the rows (`assets.marts.release`).

A blocking check stops what comes after it in the same run and nobody else. So a check that passed
leaves a verdict on the rows as they were, by their hash, and whoever publishes asks for it.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass

import polars as pl

from footfall_dagster.privacy import vouched
from footfall_dagster.privacy.wall import encode
from footfall_dagster.store import StorePath, make_folder, matching

FOLDER = "checked"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Verdicts on site-days of marts below `root`: empty files, named after what they vouch for."""

    root: StorePath

    def note(self, mart: str, site: str, day: dt.date, rows: pl.DataFrame) -> None:
        """Note that `rows`, the mart's of the site-day, have passed their blocking checks."""
        self.withdraw(mart, site, day)
        path = self.path(mart, site, day, rows)
        make_folder(path.parent)
        path.touch()

    def withdraw(self, mart: str, site: str, day: dt.date) -> None:
        """Forget every verdict on the mart's site-day."""
        for path in matching(self._folder(site), f"{day}.{mart}.*"):
            path.unlink(missing_ok=True)

    def stands(self, mart: str, site: str, day: dt.date, rows: pl.DataFrame) -> bool:
        """Whether `rows` are what has passed."""
        return vouched.is_receipt(self.path(mart, site, day, rows))

    def path(self, mart: str, site: str, day: dt.date, rows: pl.DataFrame) -> StorePath:
        """Where the verdict on `rows` lies if there is one.

        Columns without any value are left out: a verdict holds when a later version adds one.
        """
        told = rows.select(column.name for column in rows if column.null_count() < rows.height)
        digest = hashlib.sha256(encode(told)).hexdigest()
        return self._folder(site) / vouched.receipt_name(f"{day}.{mart}", digest)

    def _folder(self, site: str) -> StorePath:
        return self.root / f"site={site}"
