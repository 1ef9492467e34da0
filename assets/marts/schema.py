"""What a mart's contract is made of: columns with types, units, domains and sources.

Belongs here: the types of contracts. Does not belong here: any contract (`assets.marts.contracts`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from vision.contract_terms import INSTANT, InTradingDay, Matches, OneOf, Range, SiteWord

MartDomain = Range | OneOf | SiteWord | InTradingDay | Matches

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
        null_where_nobody: Whether NULL also stands where nobody was there to be measured, and not
            only where nothing was observed.
        counted_by: Columns of the same row that count the people behind the value. The release
            step suppresses the value where one of them is small. Empty: nothing personal in it.
        sources: (relation, column) pairs of the lake that it is computed from, for lineage.
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
        inputs: Datasets of the lake that it is made from.
        scans: Files of sql/scans/ whose rows its query reads.
        drop_suppressed: Whether the release step leaves small rows out instead of blanking them:
            for marts in which the presence of a row already tells of people.
    """

    name: str
    grain: str
    description: str
    columns: tuple[MartColumn, ...]
    key: tuple[str, ...]
    inputs: tuple[str, ...]
    drop_suppressed: bool = False
    scans: tuple[str, ...] = ()
    _by_name: Mapping[str, MartColumn] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {column.name: column for column in self.columns})

    def __getitem__(self, column: str) -> MartColumn:
        """The column of that name."""
        return self._by_name[column]

    @property
    def schema(self) -> pl.Schema:
        """The Polars schema, in stored order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    def empty(self) -> pl.DataFrame:
        """A frame of this schema without rows."""
        return self.schema.to_frame()
