"""Days of which nothing is published any more, because somebody objected.

Belongs here: which days those are, and which rows of other days tell of them. Does not belong here:
why (`footfall_dagster.privacy.objecting`), taking rows out (`footfall_dagster.warehouse`).

Kept beside the two files of the warehouse, a list of days for each site and nothing else: no place,
no hour, no number of people or objections.
"""

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass

from assets.marts.schema import MartContract
from footfall_dagster.store import StorePath, place_text

FOLDER = "withdrawn"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The lists below `root`."""

    root: StorePath

    def path(self, site: str) -> StorePath:
        """The file of a site's list, whether or not it is there."""
        return self.root / f"site={site}.json"

    def days(self, site: str) -> frozenset[dt.date]:
        """Days of a site of which nothing is published any more.

        Raises:
            ValueError: The list is not as we write it; says what to do.
        """
        path = self.path(site)
        try:
            text = path.read_text()
        except FileNotFoundError:
            return frozenset()
        try:
            found = frozenset(map(dt.date.fromisoformat, json.loads(text)))
        except (ValueError, TypeError):
            found = frozenset()
        if text != _text(found):
            raise ValueError(
                f"{path} is not as it was written, so nobody knows what may be published: put it "
                "back from a copy, or write the days of the list as JSON, such as "
                '["2026-03-13"], sorted'
            )
        return found

    def add(self, site: str, days: Iterable[dt.date]) -> None:
        """Add days to the list of a site; the caller is its only writer."""
        place_text(self.path(site), _text(self.days(site).union(days)))

    def drop(self, site: str, days: Iterable[dt.date]) -> None:
        """Take days off the list whose figures are past their retention everywhere."""
        if self.path(site).exists():
            place_text(self.path(site), _text(self.days(site).difference(days)))

    def hides(self, site: str, mart: MartContract, day: dt.date) -> bool:
        """Whether rows of `mart` of a day tell of a day that is on the list."""
        withdrawn = self.days(site)
        return any(day - dt.timedelta(days=back) in withdrawn for back in (0, *mart.earlier_days))


def telling_of(mart: MartContract, days: Iterable[dt.date]) -> set[dt.date]:
    """Days whose rows of `mart` tell of one of `days`, themselves among them."""
    ahead = (0, *mart.earlier_days)
    return {day + dt.timedelta(days=number) for day in days for number in ahead}


def _text(days: Iterable[dt.date]) -> str:
    return json.dumps([day.isoformat() for day in sorted(days)]) + "\n"
