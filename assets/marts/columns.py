"""Columns that several marts have, and how they are put together.

Belongs here: columns of place, time and observation, and the shape of a measure. Does not belong
here: any mart.
"""

from dataclasses import replace

import polars as pl

from assets.marts.inputs import NOT_FOLLOWED, NOT_OBSERVED
from assets.marts.schema import Between, MartColumn
from vision.contract_terms import INSTANT, InTradingDay, Matches, OneOf, Range, SiteWord

ID = Matches(r"[a-z][a-z0-9_]{0,39}")
TRADING_DAY = MartColumn("trading_day", pl.Date(), "", "The trading day, by the date it began on")
SITE = MartColumn("site", pl.String(), "", "The site", ID)
CAMERA = MartColumn("camera", pl.String(), "", "The camera that owns the figures of the row", ID)
FLOOR = MartColumn("floor", pl.String(), "", "The floor", ID)
KIND = MartColumn("kind", pl.String(), "", "The kind of zone, as the site file says", ID)
DEFINITION = MartColumn(
    "definition_version",
    pl.Int32(),
    "",
    "Version of the definition by which the row was computed; figures of different versions are "
    "not of the same thing",
    Range(1, 1000),
)
"""Every mart ends with it; it comes from the header of the query."""

COVERAGE = (("coverage", "minute"), ("coverage", "readable_s"))
NULL_UNOBSERVED = "NULL where the camera observed nothing"
PEOPLE = Range(0, 100_000)
"""Of one gate, zone or cell in a quarter of an hour or an hour: twenty-seven a second."""
PEOPLE_OF_DAY = Range(0, 10_000_000)
PERSON_SECONDS = Range(0, 100_000_000)
PERSON_SECONDS_OF_DAY = Range(0, 2_000_000_000)
SHARE = Range(0, 1)
WAYS = (
    *(("anonymised_trajectories", name) for name in ("trajectory", "at", "x_m", "y_m")),
    *COVERAGE,
)
"""What marts of the ways of people are computed from."""
CROSSINGS = (("gate_events", "at"), ("gate_events", "direction"), *COVERAGE)
"""What counts of gates are computed from."""
POSITIONS = (("anonymised_trajectories", "trajectory"), ("anonymised_trajectories", "at"))
"""What figures of how many are where for how long are computed from."""
WITHIN_VIEW = "within one view, without staff"


def gate() -> MartColumn:
    """The gate that a row is of."""
    return MartColumn(
        "gate", pl.String(), "", "The gate", SiteWord("gate"), sources=(("gate_events", "gate"),)
    )


def zone(
    name: str = "zone", description: str = "The zone", source: str | None = "zone_visits"
) -> MartColumn:
    """A zone that a row is of; `source` is the dataset that names it."""
    sources = ((source, "zone"),) if source else ()
    return MartColumn(name, pl.String(), "", description, SiteWord("zone"), sources=sources)


def clock(column: str, span: str) -> tuple[MartColumn, ...]:
    """The part of the day that a row is of."""
    return (
        MartColumn(column, INSTANT, "UTC", f"Start of the {span}", InTradingDay(60_000_000)),
        MartColumn(
            "local_start",
            pl.Datetime("us"),
            "local time",
            f"Start of the {span} on the site's clocks; twice a year a value is skipped or repeats",
        ),
        MartColumn(
            "in_trading_hours",
            pl.Boolean(),
            "",
            f"Whether the site is open in some part of the {span}",
        ),
    )


_MINUTES_STEP = 0.0001


def observed(minutes: int, span: str) -> tuple[MartColumn, ...]:
    """For how much of its span a row stands."""
    return (
        MartColumn(
            "observed_minutes",
            pl.Float64(),
            "min",
            f"Minutes of the {span} that the owning camera recorded and that were readable",
            Range(0, minutes, _MINUTES_STEP),
            sources=COVERAGE,
        ),
        MartColumn(
            "observed_share",
            pl.Float64(),
            "1",
            f"observed_minutes as a share of the {span}",
            Range(0, 1, 0.000001),
            sources=COVERAGE,
        ),
    )


QUARTER = observed(15, "interval")
HOUR = observed(60, "hour")
DAY = observed(25 * 60, "trading hours (on a day without any, of the trading day)")


def why(reasons: tuple[str, ...] = NOT_OBSERVED) -> MartColumn:
    """Why a row tells nothing."""
    return MartColumn(
        "not_observed",
        pl.String(),
        "",
        "Why the owning camera tells nothing of the day: missing, no exports, withheld for now, "
        + ("privacy_failed or uncalibrated" if reasons == NOT_FOLLOWED else "or privacy_failed")
        + "; NULL where it tells something",
        OneOf(reasons),
        nullable=True,
    )


WHY = why()
WHY_NOT_FOLLOWED = why(NOT_FOLLOWED)


def measure(
    name: str,
    description: str,
    counted_by: tuple[str, ...],
    sources: tuple[tuple[str, str], ...],
    *,
    unit: str = "1",
    dtype: pl.DataType | None = None,
    domain: Range = PEOPLE,
    nullable: bool = True,
    null_where_nobody: bool = False,
    follows: pl.Expr | None = None,
    rounded_off: pl.Expr | None = None,
    between: Between | None = None,
) -> MartColumn:
    """A figure that tells of people; a whole number unless `dtype` says otherwise."""
    return MartColumn(
        name,
        dtype or pl.Int32(),
        unit,
        description,
        domain,
        nullable,
        counted_by,
        sources,
        null_where_nobody,
        follows,
        rounded_off,
        between,
    )


def count(
    name: str,
    description: str,
    sources: tuple[tuple[str, str], ...],
    *,
    counted_by: tuple[str, ...] = (),
    unit: str = "1",
    domain: Range = PEOPLE,
    null_where_nobody: bool = False,
) -> MartColumn:
    """A whole number that is NULL where nothing was observed; it stands for itself in people."""
    return measure(
        name,
        f"{description}; {NULL_UNOBSERVED}",
        counted_by or (name,),
        sources,
        unit=unit,
        domain=domain,
        null_where_nobody=null_where_nobody,
    )


def added(column: MartColumn) -> MartColumn:
    """A column that warehouses of an older version lack."""
    return replace(column, added=True)


def rounded_share(
    name: str,
    description: str,
    counted_by: tuple[str, ...],
    sources: tuple[tuple[str, str], ...],
    *,
    follows: tuple[str, str] | None = None,
) -> MartColumn:
    """A part of something, rounded; `follows` are the columns of the part and of the whole."""
    return measure(
        name,
        description,
        counted_by,
        sources,
        dtype=pl.Float64(),
        domain=Range(0, 1, 0.000001),
        null_where_nobody=True,
        follows=_quotient(*follows) if follows else None,
    )


_AUDITED = {
    "audited_entries": "People who were counted in by eye",
    "audited_exits": "People who were counted out by eye",
    "gate_entries": "People whom the gate counted in, in the same minutes",
    "gate_exits": "People whom the gate counted out, in the same minutes",
}


def audited(null: str) -> tuple[MartColumn, ...]:
    """How many were counted, by eye and by gates; `null` says when that is NULL."""
    return tuple(
        measure(
            name,
            f"{what}; {null}",
            (name,),
            CROSSINGS,
            domain=PEOPLE_OF_DAY,
            null_where_nobody=True,
        )
        for name, what in _AUDITED.items()
    )


AUDIT_ACCURACY = tuple(
    rounded_share(name, what, tuple(_AUDITED), CROSSINGS)
    for name, what in (
        (
            "audit_accuracy",
            "1 less the people miscounted per person counted by eye; NULL where nobody was",
        ),
        ("audit_low", "Lower end of its interval of 19 in 20; NULL below two counts"),
        ("audit_high", "Upper end of its interval of 19 in 20; NULL below two counts"),
    )
)
"""How exact gates are by `audited`; whoever knows what was counted by eye could tell from it what
the gate counted, so all four have to be of enough people."""
AUDIT_ORDER = (("audit_low", "audit_accuracy"), ("audit_accuracy", "audit_high"))
"""For `MartContract.never_above`."""


def rate(
    name: str,
    description: str,
    part: str,
    whole: pl.Expr,
    sources: tuple[tuple[str, str], ...],
    *,
    counted_by: tuple[str, ...],
    domain: Range = SHARE,
    unit: str = "1",
) -> MartColumn:
    """A column divided by others of the row; NULL where there is nothing to divide by."""
    return measure(
        name,
        description,
        counted_by,
        sources,
        unit=unit,
        dtype=pl.Float64(),
        domain=domain,
        null_where_nobody=True,
        follows=_quotient(part, whole),
    )


def _quotient(part: str, whole: str | pl.Expr) -> pl.Expr:
    divisor = pl.col(whole) if isinstance(whole, str) else whole
    return pl.when(divisor > 0).then(pl.col(part) / divisor)


def per_second_observed(seconds: str) -> tuple[pl.Expr, pl.Expr]:
    """A column divided by the time observed; how far off since observed_minutes are rounded."""
    minutes, half = pl.col("observed_minutes"), _MINUTES_STEP / 2
    quotient = pl.when(minutes > 0).then(pl.col(seconds) / (minutes * 60))
    return quotient, quotient * half / (minutes - half)


def part_of(*columns: str) -> pl.Expr:
    """The sum of columns, to divide by."""
    return pl.sum_horizontal(*columns, ignore_nulls=False)
