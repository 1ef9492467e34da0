"""What a mart's contract is made of: columns with types, units, domains and sources.

Belongs here: the types of contracts. Does not belong here: any contract (`assets.marts.contracts`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from vision.contract_terms import INSTANT, InTradingDay, Matches, OneOf, Range, SiteWay, SiteWord

MartDomain = Range | OneOf | SiteWord | SiteWay | InTradingDay | Matches
Tables = Mapping[str, pl.DataFrame]
Span = Literal["interval_start", "hour_start"]

_DUCKDB_TYPES: Mapping[pl.DataType, str] = {
    pl.Boolean(): "BOOLEAN",
    pl.Date(): "DATE",
    pl.Datetime("us"): "TIMESTAMP",
    INSTANT: "TIMESTAMP WITH TIME ZONE",
    pl.Float64(): "DOUBLE",
    pl.Int32(): "INTEGER",
    pl.String(): "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class MartColumn:
    """One column of a mart.

    Attributes:
        name: Of the column.
        dtype: Polars type; `duckdb_type` follows from it.
        unit: SI unit, `1` for counts and shares, empty for words.
        description: What it is; where it may be NULL, what NULL means.
        domain: Values that it may take; None where the type says it all.
        nullable: Whether NULL is allowed.
        null_where_nobody: Whether NULL also stands where nobody was there to be measured, or where
            a total would leave out what a gap hides, and not only where nothing was observed.
        counted_by: Columns of the same row that count the people behind the value. The release
            step suppresses the value where one of them is small. Empty: nothing personal in it.
        sources: (relation, column) pairs of the lake that it is computed from, for lineage.
        follows: How the value follows from other columns of the row, exactly, where it does: it
            then carries nothing of its own.
    """

    name: str
    dtype: pl.DataType
    unit: str
    description: str
    domain: MartDomain | None = None
    nullable: bool = False
    counted_by: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    null_where_nobody: bool = False
    follows: pl.Expr | None = field(default=None, compare=False)

    @property
    def duckdb_type(self) -> str:
        """The type of the stored column."""
        return _DUCKDB_TYPES[self.dtype]


@dataclass(frozen=True, slots=True)
class MartContract:
    """One mart: what a row of it is, its columns in order, what identifies a row.

    Attributes:
        name: Also the name of its table and of its file in sql/.
        grain: What one row is, as a noun phrase.
        description: A sentence for the people who choose a table.
        columns: In stored order; `trading_day` and `site` come first.
        key: Columns that together occur once; rows are stored sorted by them.
        drop_suppressed: Whether the release step leaves small rows out instead of blanking them:
            for marts in which the presence of a row already tells of people.
        never_above: Pairs of columns of which the first is never above the second.
        places: Of how many places, by the relations of the day, each has a row in every span of
            the day; None where there is a row only where somebody was.
        earlier_days: How many days before its own lie the others of which a row also tells.
    """

    name: str
    grain: str
    description: str
    columns: tuple[MartColumn, ...]
    key: tuple[str, ...]
    drop_suppressed: bool = False
    never_above: tuple[tuple[str, str], ...] = ()
    places: Callable[[Tables], int] | None = field(default=None, compare=False)
    earlier_days: tuple[int, ...] = ()
    _by_name: Mapping[str, MartColumn] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {column.name: column for column in self.columns})

    def __getitem__(self, column: str) -> MartColumn:
        """The column of that name."""
        return self._by_name[column]

    @property
    def span(self) -> Span | None:
        """The column that says in which part of the day; None where a row is of the whole day."""
        spans: tuple[Span, ...] = ("interval_start", "hour_start")
        return next((name for name in spans if name in self._by_name), None)

    @property
    def schema(self) -> pl.Schema:
        """The Polars schema, in stored order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    def empty(self) -> pl.DataFrame:
        """A frame of this schema without rows."""
        return self.schema.to_frame()
