"""What the site-day assets ask of the places where marts and reports are kept.

Belongs here: protocols, and the small types in their signatures. Does not belong here: any
implementation or path; `footfall_dagster` chooses those.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from assets.marts.schema import MartContract
from vision.objections import Objection
from vision.site.release import Noise

WITHDRAWN = "nothing of the day is published any more, because somebody objected"
"""What is told in place of a release."""

Progress = Callable[[str], None]
"""Takes a line that says what is being waited for."""


Figures = tuple[int | None, ...]
"""A released figure for each row of a mart's site-day, in the order of its key."""


class BudgetSpentError(ValueError):
    """A noisy release would cost the people of a day more than the site allows; says what to do."""


def cost_of(epsilon: float, pieces_per_person: int, pieces: float) -> float:
    """What a draw costs a person who is stored in so many pieces.

    That is epsilon, unless it is more pieces than the site says: noise hides so many, and of
    whoever is in twice as many twice as much gets out.
    """
    return epsilon * max(1.0, pieces / pieces_per_person)


@dataclass(frozen=True, slots=True)
class Asked:
    """A noisy release that is asked for.

    Attributes:
        site: Id of the site.
        day: The trading day.
        mart: Name of the mart.
        noise: What the site file says of noise.
        pieces: Trajectories per person as measured on the day (`assets.release.pieces`).
        rows: SHA-256 of the keys of the mart's rows, which no person has a part in.
        content: SHA-256 of all that a draw depends on. It is of exact counts, which can be guessed
            from it by trying: it must stay where exact figures are.
    """

    site: str
    day: dt.date
    mart: str
    noise: Noise
    pieces: float
    rows: str
    content: str

    @property
    def cost(self) -> float:
        """What a draw costs a person who is in as many pieces as people were that day."""
        return cost_of(self.noise.epsilon, self.noise.pieces_per_person, self.pieces)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A noisy release as it is kept.

    Attributes:
        figures: What is released.
        number: Which release of the mart's site-day it is, from 1.
        cost: What it cost when it was drawn.
        spent: What all releases of the site-day have cost together.
        is_new: Whether it was drawn just now.
    """

    figures: Figures
    number: int
    cost: float
    spent: float
    is_new: bool


class NoiseLedger(Protocol):
    """Keeps every noisy release, and what those of a site-day have cost."""

    def kept_or_drawn(self, asked: Asked, draw: Callable[[], Figures]) -> Drawn:
        """Return the release that was made of the same content, or make and keep a new one.

        Args:
            asked: What is to be released.
            draw: Draws it. What it returns is kept before anybody sees it.

        Raises:
            BudgetSpentError: It would be a new one, and too much.
        """
        ...

    def last(self, site: str, day: dt.date, mart: str, rows: str) -> Drawn | None:
        """The latest release of the mart's site-day, if it has these rows (`Asked.rows`)."""
        ...


class Warehouse(Protocol):
    """Holds the marts of every site-day, exact in one file and released in another."""

    @property
    def noise(self) -> NoiseLedger:
        """Draws of the marts that are released with noise, kept as long as the marts."""
        ...

    def replace_day(
        self,
        site: str,
        day: dt.date,
        relations: Mapping[str, pl.DataFrame],
        marts: Sequence[MartContract],
        progress: Progress,
    ) -> dict[str, int]:
        """Compute the core rows of one site-day from `relations` and store them.

        Returns:
            Rows of the day by mart. Rows of other days, sites and marts stay as they were.
        """
        ...

    def read_day(self, mart: MartContract, site: str, day: dt.date) -> pl.DataFrame:
        """Return the core rows of one site-day, sorted by the mart's key; empty if none."""
        ...

    def read_days(
        self, marts: Sequence[MartContract], site: str, days: Collection[dt.date]
    ) -> Mapping[str, pl.DataFrame]:
        """Return the core rows of several marts and site-days by mart, as `read_day` of one."""
        ...

    def publish_day(
        self,
        site: str,
        day: dt.date,
        released: Mapping[str, pl.DataFrame],
        progress: Progress,
    ) -> dict[str, int]:
        """Store released rows by mart in the published file, as `replace_day` does.

        Refuses a mart whose core rows of the day have not passed their blocking checks.
        """
        ...

    def note_checked(
        self, mart: MartContract, site: str, day: dt.date, rows: pl.DataFrame, *, passed: bool
    ) -> None:
        """Keep the verdict of the blocking checks on `rows`, as they were read of one site-day."""
        ...

    def unchecked(self, marts: Sequence[MartContract], site: str, day: dt.date) -> Sequence[str]:
        """Names of those whose core rows of one site-day did not pass their checks as they are."""
        ...

    def read_published_days(
        self, marts: Sequence[MartContract], site: str, days: Collection[dt.date]
    ) -> Mapping[str, pl.DataFrame]:
        """Return the released rows, as `read_days` does; `marts` are contracts of the release."""
        ...

    def is_withdrawn(self, site: str, day: dt.date) -> bool:
        """Whether nothing of a site-day is published any more (`WITHDRAWN`)."""
        ...

    def shown(self) -> dict[str, str]:
        """Where the core and the published file are, to be shown to a person."""
        ...


class CameraDays(Protocol):
    """Holds what was stored of camera-days, and knows what was deleted by age or failed."""

    def stored(self, dataset: str, day: dt.date, camera: str) -> pl.DataFrame | None:
        """Rows of `dataset` as they are stored of a camera-day; None where they cannot be read."""
        ...

    def counted(self, dataset: str, day: dt.date, camera: str) -> pl.DataFrame | None:
        """As `stored`, of what marts may count: None also where coverage is of other files."""
        ...

    def is_made_from(self, timeline: pl.DataFrame, day: dt.date, camera: str) -> bool:
        """Whether the events of a camera-day were made from these rows of `timeline`."""
        ...

    def purged(self, dataset: str, day: dt.date) -> frozenset[str]:
        """Cameras of which `dataset` was deleted by age on a trading day."""
        ...

    def objections(self) -> Sequence[Objection]:
        """Objections that whatever is written has to obey, of all days."""
        ...

    def failed(self, day: dt.date) -> frozenset[str]:
        """Cameras of which something failed its privacy check on a trading day."""
        ...


class ReportStore(Protocol):
    """Keeps pages of a site: its reports, or its Data Docs."""

    def write(self, day: dt.date, html: str) -> str:
        """Store the page of one day whole or not at all; return where it is, for a person."""
        ...

    def delete(self, day: dt.date) -> None:
        """Delete the page of one day, if it is there."""
        ...
