"""What goes with the figures into every file that can hold it.

Belongs here: the words, from contracts and from the headers of the SQL. Does not belong here: any
definition of a figure (sql/, `assets.marts.contracts`), or how a format has them.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assets.marts.queries import header, query
from assets.marts.release import NOTE
from assets.marts.schema import MartColumn, MartContract
from vision.site.models import Site

EMPTY = (
    "Nothing was observed, or too few people were counted to publish the figure (then suppressed "
    "is true). 0 stands only where somebody looked and nobody was there."
)
"""What a NULL means in every mart."""


@dataclass(frozen=True, slots=True)
class About:
    """What whoever has only a file should know.

    Attributes:
        site: Id of the site.
        name: Its name.
        time_zone: Of its clocks.
        published_at: When published.duckdb was written.
    """

    site: str
    name: str
    time_zone: str
    published_at: dt.datetime

    @classmethod
    def of(cls, site: Site, published: Path) -> "About":
        """What is to be said of files that are made from `published`."""
        return cls(
            site=site.id,
            name=_plain(site.file.name),
            time_zone=site.file.time_zone,
            published_at=dt.datetime.fromtimestamp(int(published.stat().st_mtime), dt.UTC),
        )

    def of_mart(self, mart: MartContract) -> Mapping[str, str]:
        """All that is to be said of a file that holds one mart, by a short name."""
        return {
            "site": self.site,
            "site_name": self.name,
            "time_zone": self.time_zone,
            "published_at": self.published_at.isoformat(),
            "release": NOTE,
            "mart": mart.name,
            "description": mart.description,
            **definition(mart),
        }


def definition(mart: MartContract) -> Mapping[str, str]:
    """Its grain, its definition and what NULL means, as the SQL says."""
    told = {field.lower(): words for field, words in header(query(mart.name)).items()}
    if mart.drop_suppressed:
        told["null"] += " Rows that stand for fewer than k people are left out."
    return told


def unit(column: MartColumn) -> str:
    """The unit of a column in words; nothing where the values are words themselves."""
    if column.unit != "1":
        return column.unit
    return "count" if column.dtype.is_integer() else "share"


def _plain(name: str) -> str:
    """A name that every format can hold: YAML can spell half a character."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)
