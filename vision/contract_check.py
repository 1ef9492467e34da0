"""Whether a frame is what its contract says, on every row.

Belongs here: the enforcement of `vision.contracts`. Does not belong here: the contracts, or checks
that compare datasets with each other.

Messages name columns of the contract, rules and numbers of rows, never a value and never the name
of a column that the contract does not know: either could be what must not get out.
"""

import datetime as dt
from collections.abc import Iterator, Set
from dataclasses import dataclass

import numpy as np
import polars as pl

from vision.contracts import (
    GRID_M,
    Column,
    Contract,
    Domain,
    InFrame,
    InTradingDay,
    Matches,
    OneOf,
    OnFloor,
    Range,
    Ranks,
    SiteWord,
)
from vision.site.models import SiteDay


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the domains of one camera-day refer to.

    Attributes:
        window: Start and end of the trading day, UTC.
        frame: Width and height of the camera's frame, pixels.
        floor: Lowest x and y, highest x and y of the camera's floor, metres.
        gates: Ids of the gates that the camera owns.
        zones: Ids of the zones that the camera owns.
    """

    window: tuple[dt.datetime, dt.datetime]
    frame: tuple[int, int]
    floor: tuple[float, float, float, float]
    gates: Set[str]
    zones: Set[str]

    @classmethod
    def of(cls, site_day: SiteDay, camera: str) -> "Bounds":
        """The bounds that the site file gives for one of its cameras on one day."""
        x, y = zip(*site_day.floor_of(camera).outline, strict=True)
        return cls(
            window=site_day.window,
            frame=site_day.cameras[camera].frame,
            floor=(min(x), min(y), max(x), max(y)),
            gates={gate.id for gate in site_day.gates_of(camera)},
            zones={zone.id for zone in site_day.zones_of(camera)},
        )


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a dataset breaks.

    Attributes:
        column: Of the contract; empty where the rule concerns the whole frame.
        rule: What should hold, in words.
        rows: How many rows break it; 0 where it concerns columns.
    """

    column: str
    rule: str
    rows: int

    def __str__(self) -> str:
        where = f"column {self.column}: " if self.column else ""
        how_often = f" ({self.rows} rows)" if self.rows else ""
        return f"{where}{self.rule}{how_often}"


def violations(frame: pl.DataFrame, contract: Contract, bounds: Bounds) -> list[Violation]:
    """Every rule of `contract` that `frame` breaks; empty where it keeps them all.

    Values are judged only where the columns are exactly the contract's.
    """
    if wrong := list(_wrong_schema(frame, contract)):
        return wrong
    found = [
        broken for column in contract.columns for broken in _wrong_values(frame, column, bounds)
    ]
    return found + list(_wrong_order(frame, contract))


def _wrong_schema(frame: pl.DataFrame, contract: Contract) -> Iterator[Violation]:
    expected, actual = contract.schema, frame.schema
    if unknown := len(set(actual) - set(expected)):
        yield Violation("", f"{unknown} columns that the contract does not have", 0)
    for name, dtype in expected.items():
        if name not in actual:
            yield Violation(name, "is missing", 0)
        elif actual[name] != dtype:
            yield Violation(name, f"must be of type {dtype}", 0)
    if set(actual) == set(expected) and list(actual) != list(expected):
        yield Violation("", "columns must stand in the contract's order", 0)


def _wrong_values(frame: pl.DataFrame, column: Column, bounds: Bounds) -> Iterator[Violation]:
    values = frame[column.name]
    if not column.nullable and values.null_count():
        yield Violation(column.name, "must not be NULL", values.null_count())
    present = values.drop_nulls()
    if present.dtype.is_float():
        wild = int((~present.is_finite()).sum())
        if wild:
            yield Violation(column.name, "must be finite", wild)
        present = present.filter(present.is_finite())
        # Equal to zero and yet another bit pattern: room for a hidden bit a row.
        if signed := int(np.signbit(present.filter(present == 0).to_numpy()).sum()):
            yield Violation(column.name, "must not be negative zero", signed)
    for rule, holds in _domain(present, column.domain, bounds):
        broken = present.len() - int(holds.sum())
        if broken:
            yield Violation(column.name, rule, broken)


def _domain(values: pl.Series, domain: Domain, bounds: Bounds) -> Iterator[tuple[str, pl.Series]]:
    """Each rule of a domain and where it holds."""
    match domain:
        case Range(low, high, step):
            yield f"must lie in {low} to {high}", values.is_between(low, high)
            if step is not None:
                yield f"must be a whole multiple of {step}", values == _nearest_step(values, step)
        case OneOf(words):
            yield "must be one of the contract's words", values.is_in(list(words))
        case SiteWord("gate"):
            yield "must be a gate of this camera", values.is_in(sorted(bounds.gates))
        case SiteWord("zone"):
            yield "must be a zone of this camera", values.is_in(sorted(bounds.zones))
        case Matches(pattern):
            yield "must match the contract's pattern", values.str.contains(f"^(?:{pattern})$")
        case InTradingDay(every_us, margin_us):
            margin = dt.timedelta(microseconds=margin_us)
            start, end = bounds.window[0] - margin, bounds.window[1] + margin
            yield "must lie in the trading day", values.is_between(start, end)
            yield (
                f"must be a whole multiple of {every_us} microseconds",
                values.to_physical() % every_us == 0,
            )
        case InFrame(axis):
            limit = bounds.frame[0 if axis == "x" else 1]
            yield "must lie in the frame", values.is_between(0, limit)
        case OnFloor(axis):
            low, high = bounds.floor[0 if axis == "x" else 1], bounds.floor[2 if axis == "x" else 3]
            cells = (values.cast(pl.Float64) - GRID_M / 2) / GRID_M
            yield "must lie on the floor", values.is_between(low, high)
            yield "must be the centre of a floor cell", cells == cells.round()
        case Ranks():
            yield "must number from 0 without a hole", _from_zero(values)


def _nearest_step(values: pl.Series, step: float) -> pl.Series:
    parts = round(1 / step)
    if abs(parts * step - 1) < 1e-12:
        # A whole number divided by a whole number is the float nearest to the multiple; multiplied
        # by 0.01 it is not, and Polars divides by multiplying.
        return pl.Series(np.round(values.to_numpy() * parts) / parts, dtype=values.dtype)
    return (values / step).round() * step


def _from_zero(values: pl.Series) -> pl.Series:
    # n distinct whole numbers from 0 to n - 1 leave none out.
    return (values >= 0) & (values < values.n_unique())


def _wrong_order(frame: pl.DataFrame, contract: Contract) -> Iterator[Violation]:
    if not contract.key:
        return
    key = frame.select(contract.key)
    if repeated := frame.height - key.n_unique():
        yield Violation("", f"{_named(contract.key)} must occur once", repeated)
    if not key.equals(key.sort(contract.key)):
        yield Violation("", f"rows must be sorted by {_named(contract.key)}", 0)


def _named(columns: tuple[str, ...]) -> str:
    return " and ".join(columns)
