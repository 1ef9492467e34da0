"""What the privacy assets ask of those who look, and of the place where records are kept.

Belongs here: protocols. Does not belong here: any check or path; `footfall_dagster.privacy` has
those.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol


class Finding(Protocol):
    """Something that may be a picture or a vector, or that nobody admitted; quotes nothing."""

    @property
    def file(self) -> str:
        """Where, below a named root."""
        ...

    @property
    def place(self) -> str:
        """Where in the file."""
        ...

    @property
    def kind(self) -> str:
        """What it looks like."""
        ...

    @property
    def confidence(self) -> float:
        """0..1."""
        ...


class Evidence(Protocol):
    """One check, carried out once: what was looked at, found, and could not be read."""

    @property
    def check(self) -> str:
        """Its name."""
        ...

    @property
    def scope(self) -> str:
        """What it was held against, in words."""
        ...

    @property
    def files(self) -> int:
        """Files looked at."""
        ...

    @property
    def bytes(self) -> int:
        """Bytes looked at."""
        ...

    @property
    def rows(self) -> int:
        """Rows looked at."""
        ...

    @property
    def seconds(self) -> float:
        """How long it took."""
        ...

    @property
    def findings(self) -> Sequence[Finding]:
        """What was found."""
        ...

    @property
    def unread(self) -> Sequence[Finding]:
        """What could not be read to its end."""
        ...


class Inspector(Protocol):
    """Carries out the checks of a site."""

    def search(self, instance: Path) -> Evidence:
        """Look through everything right of the wall and an instance's folder, by no contract."""
        ...

    def checks(
        self, day: dt.date, instance: Path, noted: Sequence[tuple[int, str]]
    ) -> Iterator[Evidence]:
        """Carry out every other check, one after the other.

        Args:
            day: The trading day whose partitions are held against contract and wall.
            instance: Folder in which Dagster keeps what it is told: DAGSTER_HOME.
            noted: Numbers and seals of records that Dagster has noted.
        """
        ...


class Record(Protocol):
    """A record in its chain."""

    @property
    def number(self) -> int:
        """From 1, in the order of writing."""
        ...

    @property
    def day(self) -> dt.date:
        """The trading day of which it tells."""
        ...

    @property
    def seal(self) -> str:
        """The beginning of the SHA-256 of what is stored."""
        ...

    @property
    def content(self) -> Mapping[str, Any]:
        """What it says."""
        ...


class Records(Protocol):
    """Keeps the records of a site, their pages, and the last search of each day."""

    def keep_search(self, day: dt.date, checked: Mapping[str, Any]) -> None:
        """Store what the search of `day` showed, in place of the one before."""
        ...

    def search_of(self, day: dt.date) -> Mapping[str, Any] | None:
        """Return what the last search of `day` showed; None where there was none."""
        ...

    def last_proof(self) -> Mapping[str, Any] | None:
        """Return what the last proof of non-interference showed; None where there was none."""
        ...

    def append(self, day: dt.date, told: Mapping[str, Any]) -> Record:
        """Write a record at the end of the chain."""
        ...

    def of_day(self, day: dt.date) -> Sequence[Record]:
        """Return the records of `day`, oldest first."""
        ...

    def write_page(self, day: dt.date, html: str) -> str:
        """Store the page of `day`; return where it is, for a person."""
        ...
