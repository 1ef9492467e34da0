"""The terms that contracts are written in: what a value may be, a column, a dataset.

Belongs here: kinds of domains, and the types of a contract. Does not belong here: any contract
(`vision.contracts`), or how one is enforced (`vision.contract_check`).
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl

INSTANT = pl.Datetime("us", "UTC")
"""Every stored instant: microseconds since the epoch, UTC."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included.

    With `step`, only the float nearest to a multiple of it is allowed, so that the low bits of a
    measurement carry nothing.
    """

    low: float
    high: float
    step: float | None = None


@dataclass(frozen=True, slots=True)
class OneOf:
    """A fixed set of words."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SiteWord:
    """An id that the site file declares for this camera-day, looked up under `kind`."""

    kind: Literal["gate", "zone"]


@dataclass(frozen=True, slots=True)
class SiteWay:
    """Ids of zones that the site file declares, one after the other, joined by ` > `.

    No two neighbours are the same. Of more than `longest` the first ones, and `...` after them.
    """

    longest: int


@dataclass(frozen=True, slots=True)
class Matches:
    """Text that matches `pattern` as a whole."""

    pattern: str


@dataclass(frozen=True, slots=True)
class InTradingDay:
    """Instants from the start to the end of the trading day, on whole multiples of `every_us`.

    `margin_us` widens the day at both ends, for files that began before it or end after it.
    """

    every_us: int = 1
    margin_us: int = 0


@dataclass(frozen=True, slots=True)
class ByAClock:
    """Instants that some clock shows, right or wrong, on whole multiples of `every_us`.

    From 1990, when no recorder was digital, to 2100.
    """

    every_us: int


@dataclass(frozen=True, slots=True)
class InFrame:
    """Pixels inside the camera's frame along `axis`; origin top left, full resolution."""

    axis: Literal["x", "y"]


@dataclass(frozen=True, slots=True)
class OnFloor:
    """Metres inside the bounding box of the camera's floor along `axis`, on the floor grid."""

    axis: Literal["x", "y"]


@dataclass(frozen=True, slots=True)
class Ranks:
    """Whole numbers from 0 that leave none out: ids that carry nothing but an order.

    With `by`, ids are ranks of what the rows of each say in these columns, so that no choice of an
    id carries anything either.
    """

    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordingName:
    """Names that the camera's entry in the site file gives, and one word for all others."""


@dataclass(frozen=True, slots=True)
class SecondsBetween:
    """What follows from two instants of the row, in seconds: nothing of its own."""

    start: str
    end: str


Domain = (
    Range
    | OneOf
    | SiteWord
    | SiteWay
    | Matches
    | InTradingDay
    | ByAClock
    | InFrame
    | OnFloor
    | Ranks
    | RecordingName
    | SecondsBetween
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, type, unit, meaning and the values that it may take."""

    name: str
    dtype: pl.DataType
    unit: str
    description: str
    domain: Domain
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Contract:
    """One dataset: what a row of it is, its columns in order, its side of the wall.

    Attributes:
        name: Also the name of the asset and of its folder in the lake.
        grain: What one row is, as a noun phrase.
        columns: In stored order.
        key: Columns that together occur once; rows are stored sorted by them. Empty where equal
            rows are distinct facts (two people crossing one gate in the same second); right of the
            wall such rows are sorted by all columns, so that their order carries nothing.
        personal: Left of the wall: personal data, short-lived, never copied.
        kept: The field of the site's retention (`vision.site.retention`) that says for how long.
        made_from: The dataset of the same camera-day that it is computed from; empty for the first.
    """

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    personal: bool
    kept: str
    made_from: str = ""

    @property
    def schema(self) -> pl.Schema:
        """The Polars schema, in stored order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    @property
    def order(self) -> tuple[str, ...]:
        """Columns by which rows are stored sorted; empty where any order is allowed."""
        return self.key or (() if self.personal else tuple(self.schema))

    def empty(self) -> pl.DataFrame:
        """A frame of this schema without rows."""
        return self.schema.to_frame()
