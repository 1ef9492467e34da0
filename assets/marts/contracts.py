"""The contract of every mart: its grain, its columns, their types, units and domains.

Belongs here: what a mart holds, said once. The warehouse, the checks, the assets' metadata and the
docs read this module. Does not belong here: how a mart is computed (`sql/<mart>.sql`, one file a
mart), what may be published of it (`assets.marts.release`), or the lake's contracts
(`vision.contracts`).

To add a mart: a `MartContract` in `MARTS` here, `sql/<name>.sql` beside the others. Nothing else
names the marts one by one. A mart of floor positions reads what a scan leaves of them
(`sql/scans/`, `assets.marts.positions`). `docs/metrics.md` is made from both
(`assets.marts.metrics`).
"""

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from assets.marts.inputs import NOT_OBSERVED
from assets.marts.schema import MartColumn, MartContract
from vision.contract_terms import INSTANT, InTradingDay, Matches, OneOf, Range, SiteWord

_ID = Matches(r"[a-z][a-z0-9_]{0,39}")
_TRADING_DAY = MartColumn("trading_day", pl.Date(), "", "The trading day, by the date it began on")
_SITE = MartColumn("site", pl.String(), "", "The site", _ID)
_CAMERA = MartColumn("camera", pl.String(), "", "The camera that owns the figures of the row", _ID)
_FLOOR = MartColumn("floor", pl.String(), "", "The floor", _ID)
_COVERAGE = (("coverage", "minute"), ("coverage", "readable_s"))


def _place(kind: str, description: str, source: str) -> MartColumn:
    words = SiteWord("gate" if kind == "gate" else "zone")
    return MartColumn(kind, pl.String(), "", description, words, sources=((source, kind),))


def _clock(column: str, span: str) -> tuple[MartColumn, ...]:
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


def _observed(minutes: int, span: str) -> tuple[MartColumn, ...]:
    return (
        MartColumn(
            "observed_minutes",
            pl.Float64(),
            "min",
            f"Minutes of the {span} that the owning camera recorded and that were readable",
            Range(0, minutes, 0.0001),
            sources=_COVERAGE,
        ),
        MartColumn(
            "observed_share",
            pl.Float64(),
            "1",
            f"observed_minutes as a share of the {span}",
            Range(0, 1, 0.000001),
            sources=_COVERAGE,
        ),
    )


_WHY = MartColumn(
    "not_observed",
    pl.String(),
    "",
    "Why the owning camera tells nothing of the day: missing, no exports, withheld for now, or "
    "privacy_failed; NULL where it tells something",
    OneOf(NOT_OBSERVED),
    nullable=True,
)
_NOT_OBSERVED = "NULL where the camera observed nothing"
_PEOPLE = Range(0, 100_000)
"""Of one gate, zone or cell in a quarter of an hour or an hour: twenty-seven a second."""
_PERSON_SECONDS = Range(0, 100_000_000)


def _measure(
    name: str,
    description: str,
    counted_by: tuple[str, ...],
    sources: tuple[tuple[str, str], ...],
    *,
    unit: str = "1",
    dtype: pl.DataType | None = None,
    domain: Range = _PEOPLE,
    nullable: bool = True,
    null_where_nobody: bool = False,
) -> MartColumn:
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
    )


_CROSSINGS = (("gate_events", "at"), ("gate_events", "direction"), *_COVERAGE)
_STAYS = (("zone_visits", "entered_at"), ("zone_visits", "dwell_s"), *_COVERAGE)
_PRESENCE = (("zone_visits", "entered_at"), ("zone_visits", "left_at"), *_COVERAGE)
_POSITIONS = tuple(("anonymised_trajectories", name) for name in ("trajectory", "at"))

GATE_COUNTS_15MIN = MartContract(
    name="gate_counts_15min",
    grain="one gate in one quarter of an hour",
    description="People who crossed each gate, into and out of the site.",
    columns=(
        _TRADING_DAY,
        _SITE,
        _place("gate", "The gate", "gate_events"),
        _CAMERA,
        _FLOOR,
        *_clock("interval_start", "interval"),
        _measure("entries", f"Crossings inwards; {_NOT_OBSERVED}", ("entries",), _CROSSINGS),
        _measure("exits", f"Crossings outwards; {_NOT_OBSERVED}", ("exits",), _CROSSINGS),
        _measure(
            "approximate_crossings",
            "Crossings of either kind that were decided on coarse trajectories, because the gate "
            f"was drawn after the day was processed; {_NOT_OBSERVED}",
            ("approximate_crossings", "entries", "exits"),
            (("gate_events", "basis"), *_COVERAGE),
        ),
        *_observed(15, "interval"),
        _WHY,
    ),
    key=("trading_day", "site", "gate", "interval_start"),
    inputs=("gate_events", "coverage"),
)

ZONE_VISITS_HOURLY = MartContract(
    name="zone_visits_hourly",
    grain="one zone in one hour",
    description="Visits to each zone by the hour in which they began, and how long they lasted.",
    columns=(
        _TRADING_DAY,
        _SITE,
        _place("zone", "The zone", "zone_visits"),
        MartColumn("kind", pl.String(), "", "The kind of zone, as the site file says", _ID),
        _CAMERA,
        _FLOOR,
        *_clock("hour_start", "hour"),
        _measure(
            "visits",
            f"Stays of at least the zone's min_dwell that began in the hour; {_NOT_OBSERVED}",
            ("visits",),
            _STAYS,
        ),
        _measure(
            "cut_visits",
            "Visits of which the beginning or the end was not seen, so that their dwell is a "
            f"lower bound; {_NOT_OBSERVED}",
            ("cut_visits", "visits"),
            (("zone_visits", "ends_seen"), *_STAYS),
        ),
        _measure(
            "bounces",
            f"Stays shorter than min_dwell that began in the hour; {_NOT_OBSERVED}",
            ("bounces", "visits"),
            _STAYS,
        ),
        _measure(
            "dwell_median_s",
            "Median length of the visits; NULL where there were none or nothing was observed",
            ("visits",),
            _STAYS,
            unit="s",
            dtype=pl.Float64(),
            domain=Range(0, 25 * 3600, 0.5),
            null_where_nobody=True,
        ),
        _measure(
            "dwell_p90_s",
            "Length that nine visits in ten do not exceed; NULL as for the median",
            ("visits",),
            _STAYS,
            unit="s",
            dtype=pl.Float64(),
            domain=Range(0, 25 * 3600, 0.1),
            null_where_nobody=True,
        ),
        _measure(
            "person_seconds",
            f"Length of all the visits together; {_NOT_OBSERVED}",
            ("visits",),
            _STAYS,
            unit="s",
            domain=_PERSON_SECONDS,
        ),
        *_observed(60, "hour"),
        _WHY,
    ),
    key=("trading_day", "site", "zone", "hour_start"),
    inputs=("zone_visits", "coverage"),
)

OCCUPANCY_15MIN = MartContract(
    name="occupancy_15min",
    grain="one zone in one quarter of an hour",
    description="How many people were in each zone at once, on average and at most.",
    columns=(
        _TRADING_DAY,
        _SITE,
        _place("zone", "The zone", "zone_visits"),
        MartColumn("kind", pl.String(), "", "The kind of zone, as the site file says", _ID),
        _CAMERA,
        _FLOOR,
        *_clock("interval_start", "interval"),
        _measure(
            "occupancy_mean",
            "Person-seconds spent in the zone during the interval, per second observed; "
            f"{_NOT_OBSERVED}",
            ("stays",),
            _PRESENCE,
            unit="people",
            dtype=pl.Float64(),
            domain=Range(0, 10_000, 0.0001),
        ),
        _measure(
            "occupancy_peak",
            f"Most people in the zone at one instant; {_NOT_OBSERVED}",
            ("stays",),
            _PRESENCE,
            unit="people",
        ),
        _measure(
            "stays",
            "Stays of any length of which some part fell into the interval; " + _NOT_OBSERVED,
            ("stays",),
            _PRESENCE,
        ),
        _measure(
            "person_seconds",
            f"Time that people spent in the zone during the interval; {_NOT_OBSERVED}",
            ("stays",),
            _PRESENCE,
            unit="s",
            domain=_PERSON_SECONDS,
        ),
        *_observed(15, "interval"),
        _WHY,
    ),
    key=("trading_day", "site", "zone", "interval_start"),
    inputs=("zone_visits", "coverage"),
)

_METRES = Range(-10_000, 10_000, 0.25)

HEATMAP_HOURLY = MartContract(
    name="heatmap_hourly",
    grain="one floor cell of 0.5 m seen by one camera in one hour, where somebody was",
    description="Where on the floor people were, and for how long.",
    columns=(
        _TRADING_DAY,
        _SITE,
        _CAMERA,
        _FLOOR,
        *_clock("hour_start", "hour"),
        MartColumn(
            "x_m",
            pl.Float64(),
            "m",
            "Centre of the cell",
            _METRES,
            sources=(("anonymised_trajectories", "x_m"),),
        ),
        MartColumn(
            "y_m",
            pl.Float64(),
            "m",
            "Centre of the cell",
            _METRES,
            sources=(("anonymised_trajectories", "y_m"),),
        ),
        _measure(
            "visits",
            "Trajectories of the camera that touched the cell in the hour",
            ("visits",),
            _POSITIONS,
            domain=Range(1, 100_000),
            nullable=False,
        ),
        _measure(
            "person_seconds",
            "Time that people spent in the cell during the hour",
            ("visits",),
            _POSITIONS,
            unit="s",
            domain=Range(1, 100_000_000),
            nullable=False,
        ),
        *_observed(60, "hour"),
    ),
    key=("trading_day", "site", "camera", "floor", "hour_start", "y_m", "x_m"),
    inputs=("anonymised_trajectories", "coverage"),
    drop_suppressed=True,
    scans=("cells_hourly",),
)

MARTS: Mapping[str, MartContract] = MappingProxyType(
    {
        mart.name: mart
        for mart in (GATE_COUNTS_15MIN, ZONE_VISITS_HOURLY, OCCUPANCY_15MIN, HEATMAP_HOURLY)
    }
)
"""Every mart by name."""
