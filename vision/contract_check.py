"""Whether a frame is what its contract says, on every row.

Belongs here: the enforcement of `vision.contracts`. Does not belong here: the contracts, or checks
that compare datasets with each other.

Messages name columns of the contract, rules and numbers of rows, never a value and never the name
of a column that the contract does not know: either could be what must not get out.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from vision.contract_terms import (
    INSTANT,
    ByAClock,
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
    RecordingName,
    SecondsBetween,
    SiteWay,
    SiteWord,
)
from vision.contracts import GRID_M
from vision.contracts_ingest import UNSUPPORTED_NAME
from vision.exports.bounds import CLOCKS_SHOW
from vision.exports.names import stored_names
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
        recordings: What the names of the camera's files match; None where there are none.
    """

    window: tuple[dt.datetime, dt.datetime]
    frame: tuple[int, int]
    floor: tuple[float, float, float, float]
    gates: Set[str]
    zones: Set[str]
    recordings: re.Pattern[str] | None = None

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
            recordings=stored_names(site_day.cameras[camera]),
        )

    @classmethod
    def of_site(cls, site_day: SiteDay) -> "Bounds":
        """The bounds of rows that tell of all cameras of a site, on one day."""
        return cls(
            window=site_day.window,
            frame=(0, 0),
            floor=(0, 0, 0, 0),
            gates=site_day.gates.keys(),
            zones=site_day.zones.keys(),
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
    found = wrong_values(frame, contract.columns, bounds)
    return found + list(_wrong_order(frame, contract))


def wrong_values(frame: pl.DataFrame, columns: Iterable[Column], bounds: Bounds) -> list[Violation]:
    """Every domain of `columns` that a value of `frame` lies outside of."""
    return [broken for column in columns for broken in _wrong_values(frame, column, bounds)]


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
    if isinstance(column.domain, SecondsBetween):
        yield from _wrong_seconds(frame, column, column.domain)
    if isinstance(column.domain, Ranks) and column.domain.by:
        yield from _wrong_ranks(frame, column, column.domain)
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
                yield f"must be a whole multiple of {step}", values == nearest_step(values, step)
        case OneOf(words):
            yield "must be one of the contract's words", values.is_in(list(words))
        case SiteWord(kind):
            known = bounds.gates if kind == "gate" else bounds.zones
            yield f"must be a {kind} of this camera", values.is_in(sorted(known))
        case SiteWay(longest):
            yield "must be a way through the site's zones", _are_ways(values, longest, bounds)
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
        case ByAClock(every_us):
            yield "must lie between 1990 and 2100", values.is_between(*CLOCKS_SHOW)
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
        case RecordingName():
            yield "must be a name as the site file has it", _are_recordings(values, bounds)


def nearest_step(values: pl.Series, step: float) -> pl.Series:
    """The float nearest to the nearest multiple of `step`, for each value."""
    parts = round(1 / step)
    if abs(parts * step - 1) < 1e-12:
        # A whole number divided by a whole number is the float nearest to the multiple; multiplied
        # by 0.01 it is not, and Polars divides by multiplying.
        return pl.Series(np.round(values.to_numpy() * parts) / parts, dtype=values.dtype)
    return (values / step).round() * step


def _are_ways(values: pl.Series, longest: int, bounds: Bounds) -> pl.Series:
    def is_way(text: str) -> bool:
        zones = text.removesuffix(" > ...").split(" > ")
        whole = not text.endswith(" > ...")
        return (
            (len(zones) <= longest if whole else len(zones) == longest)
            and all(zone in bounds.zones for zone in zones)
            and all(one != other for one, other in pairwise(zones))
        )

    return pl.Series([is_way(text) for text in values], dtype=pl.Boolean)


def _are_recordings(values: pl.Series, bounds: Bounds) -> pl.Series:
    known = bounds.recordings
    return pl.Series(
        [
            name == UNSUPPORTED_NAME or (known is not None and bool(known.fullmatch(name)))
            for name in values
        ],
        dtype=pl.Boolean,
    )


def _wrong_seconds(
    frame: pl.DataFrame, column: Column, domain: SecondsBetween
) -> Iterator[Violation]:
    if frame.schema.get(domain.start) != INSTANT or frame.schema.get(domain.end) != INSTANT:
        return
    lasted = (frame[domain.end] - frame[domain.start]).dt.total_microseconds()
    wrong = int(((lasted != frame[column.name].cast(pl.Int64) * 1_000_000) | (lasted <= 0)).sum())
    if wrong:
        rule = f"must be the seconds from {domain.start} to {domain.end}, and more than none"
        yield Violation(column.name, rule, wrong)


def _wrong_ranks(frame: pl.DataFrame, column: Column, domain: Ranks) -> Iterator[Violation]:
    """Ids must ascend as the whole sequences of their rows do; rows are sorted by id."""
    ids = frame[column.name]
    first = frame.filter((ids != ids.shift()).fill_null(True)).select(column.name, *domain.by)
    begins = first.select(domain.by)
    wrong = _rows_apart(begins, begins.sort(domain.by))
    alike = first.filter(begins.is_duplicated())[column.name]
    if not wrong and alike.len():
        # Told apart by the rows that follow; there are few such sequences.
        sequences = [
            list(one.select(domain.by).iter_rows())
            for one in frame.filter(ids.is_in(alike.implode())).partition_by(column.name)
        ]
        wrong = sum(one > two for one, two in pairwise(sequences))
    if wrong:
        yield Violation(column.name, f"must rank what {_named(domain.by)} say", wrong)


def _rows_apart(left: pl.DataFrame, right: pl.DataFrame) -> int:
    apart = [(left[name] != right[name]) for name in left.columns]
    return int(pl.DataFrame(apart).select(pl.any_horizontal(pl.all())).to_series().sum())


def _from_zero(values: pl.Series) -> pl.Series:
    # n distinct whole numbers from 0 to n - 1 leave none out.
    return (values >= 0) & (values < values.n_unique())


def _wrong_order(frame: pl.DataFrame, contract: Contract) -> Iterator[Violation]:
    if not contract.order:
        return
    rows = frame.select(contract.order)
    ascending, repeated = _ascends(rows)
    if not ascending:
        yield Violation("", f"rows must be sorted by {_named(contract.order)}", 0)
        # Sorted rows have their repetitions beside each other; others have to be counted.
        repeated = frame.height - rows.n_unique()
    if contract.key and repeated:
        yield Violation("", f"{_named(contract.key)} must occur once", repeated)


def _ascends(rows: pl.DataFrame) -> tuple[bool, int]:
    """Whether no row is below the one before, and how many equal the one before.

    Looks at neighbours only, which is several times faster than sorting. NULL is below everything.
    """
    before, after = rows.slice(0, max(0, rows.height - 1)), rows.slice(1)
    equal = pl.repeat(True, after.height, eager=True)
    for name in rows.columns:
        one, two = before[name], after[name]
        if one.null_count() or two.null_count():
            return rows.equals(rows.sort(rows.columns)), rows.height - rows.n_unique()
        if (equal & (one > two)).any():
            return False, 0
        equal &= one == two
    return True, int(equal.sum())


def _named(columns: tuple[str, ...]) -> str:
    return " and ".join(columns)
