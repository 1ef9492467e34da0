"""Per-day summaries: what the marts add up to beside what the events add up to.

Belongs here: totals of a site-day, computed from the events without the SQL that they check. Does
not belong here: the rules on them (`footfall_dagster.checks.mart_rules`).
"""

from collections.abc import Mapping

import polars as pl

from assets.marts.of_gates import FOOTFALL_DAILY, GATE_COUNTS_15MIN
from assets.marts.of_ways import HEATMAP_HOURLY, STAFF_EXCLUDED_DAILY
from assets.marts.of_zones import (
    OCCUPANCY_15MIN,
    QUEUE_15MIN,
    ZONE_DWELL_DISTRIBUTION,
    ZONE_VISITS_HOURLY,
)
from assets.marts.positions import POSITIONS_IN_INTERVAL
from assets.marts.schema import MartContract
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.contracts_ingest import COVERAGE

Tables = Mapping[str, pl.DataFrame]

MEASURES: Mapping[str, tuple[str, ...]] = {
    GATE_COUNTS_15MIN.name: ("entries", "exits"),
    FOOTFALL_DAILY.name: ("entries_observed", "exits_observed"),
    ZONE_VISITS_HOURLY.name: ("visits", "bounces", "person_seconds"),
    ZONE_DWELL_DISTRIBUTION.name: ("visits_observed",),
    OCCUPANCY_15MIN.name: ("person_seconds",),
    QUEUE_15MIN.name: ("waits",),
    HEATMAP_HOURLY.name: ("person_seconds",),
    STAFF_EXCLUDED_DAILY.name: ("person_seconds",),
}
"""Columns of a mart whose total over a day must equal a total over the events.

A mart that is not here counts each person by a definition of its own, which no plain total knows;
its rows are held against its contract, and its query against a second computation in the tests.
"""


def totals(mart: MartContract, rows: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Total each measure of a mart over the day, beside the same total of the events.

    Args:
        mart: One of `MEASURES`.
        rows: Its rows of the day.
        tables: The relations of the day, as `assets.marts.inputs.relations` makes them.

    Returns:
        One row per gate, zone or camera: each measure of `MEASURES` and `<measure>_of_events`.
    """
    place, of_events = {
        GATE_COUNTS_15MIN.name: ("gate", _crossings),
        FOOTFALL_DAILY.name: ("gate", _crossings),
        ZONE_VISITS_HOURLY.name: ("zone", _stays),
        ZONE_DWELL_DISTRIBUTION.name: ("zone", _stays),
        OCCUPANCY_15MIN.name: ("zone", _presence),
        QUEUE_15MIN.name: ("zone", _waits),
        HEATMAP_HOURLY.name: ("camera", _positions),
        STAFF_EXCLUDED_DAILY.name: ("camera", _all_positions),
    }[mart.name]
    measures = MEASURES[mart.name]
    in_mart = rows.group_by(place).agg(pl.col(measures).sum())
    in_events = of_events(tables).select(
        place, *(pl.col(_COUNTED.get(name, name)).alias(f"{name}_of_events") for name in measures)
    )
    if mart.span is None:
        # A mart of days tells nothing of a camera that saw nothing of the trading hours, and
        # footfall only of entrances.
        told = rows.filter(pl.col(measures[0]).is_not_null()).select(place).unique()
        in_events = in_events.join(told, on=place, how="semi")
    return (
        in_mart.join(in_events, on=place, how="full", coalesce=True)
        .with_columns(pl.col(pl.Int64, pl.Int32, pl.UInt32, pl.Float64).cast(pl.Int64).fill_null(0))
        .sort(place)
    )


_COUNTED = {
    "entries_observed": "entries",
    "exits_observed": "exits",
    "visits_observed": "visits",
    "waits": "visits",
}
"""What the events of a measure are called where that is something else."""


def unobserved_events(tables: Tables) -> pl.DataFrame:
    """Count events that lie where their camera observed nothing, so that no mart counts them.

    Returns:
        One row per dataset: dataset, events, unobserved.
    """
    instants = {
        GATE_EVENTS.name: ("at", "interval_start"),
        ZONE_VISITS.name: ("entered_at", "hour_start"),
    }
    rows = [
        (name, tables[name].height, _observed(tables, name, instant=instant, span=span).height)
        for name, (instant, span) in instants.items()
    ]
    everywhere = int(tables[POSITIONS_IN_INTERVAL]["positions"].sum())
    observed = int(_observed_positions(tables)["positions"].sum())
    rows.append((ANONYMISED_TRAJECTORIES.name, everywhere, observed))
    return pl.DataFrame(
        [(name, events, events - observed) for name, events, observed in rows],
        schema={"dataset": pl.String, "events": pl.Int64, "unobserved": pl.Int64},
        orient="row",
    )


def _spans_observed(tables: Tables, dataset: str, span: str) -> pl.DataFrame:
    """Camera and start of every interval or hour in which something was observed."""
    delivered = tables["cameras"].filter(f"{dataset}_delivered").select("camera")
    return (
        tables[COVERAGE.name]
        .filter(pl.col("readable_s") > 0)
        .join(delivered, on="camera", how="semi")
        .sort("minute")
        .join_asof(
            tables["intervals"].select("interval_start", "hour_start"),
            left_on="minute",
            right_on="interval_start",
        )
        .select("camera", span)
        .unique()
    )


def _observed(tables: Tables, dataset: str, *, instant: str, span: str) -> pl.DataFrame:
    """Events of a dataset whose interval or hour was observed by their camera."""
    return (
        tables[dataset]
        .sort(instant)
        .join_asof(
            tables["intervals"].select("interval_start", "hour_start"),
            left_on=instant,
            right_on="interval_start",
        )
        .join(_spans_observed(tables, dataset, span), on=["camera", span], how="semi")
    )


def _crossings(tables: Tables) -> pl.DataFrame:
    events = _observed(tables, GATE_EVENTS.name, instant="at", span="interval_start")
    return (
        events.join(tables["gates"], on=["gate", "camera"], how="semi")
        .group_by("gate")
        .agg(
            entries=(pl.col("direction") == "in").sum(),
            exits=(pl.col("direction") == "out").sum(),
        )
    )


def _waits(tables: Tables) -> pl.DataFrame:
    queues = tables["zones"].filter(pl.col("kind") == "queue")
    return _stays({**tables, "zones": queues}, span="interval_start")


def _stays(tables: Tables, span: str = "hour_start") -> pl.DataFrame:
    events = _observed(tables, ZONE_VISITS.name, instant="entered_at", span=span)
    long_enough = pl.col("dwell_s") >= pl.col("min_dwell_s")
    return (
        events.join(tables["zones"], on=["zone", "camera"])
        .group_by("zone")
        .agg(
            visits=long_enough.sum(),
            bounces=(~long_enough).sum(),
            person_seconds=pl.col("dwell_s").filter(long_enough).sum(),
        )
    )


def _presence(tables: Tables) -> pl.DataFrame:
    """Seconds of the stays that fall into observed intervals."""
    observed = _spans_observed(tables, ZONE_VISITS.name, "interval_start").join(
        tables["intervals"].select("interval_start", "interval_end"), on="interval_start"
    )
    stays = tables[ZONE_VISITS.name].join(tables["zones"], on=["zone", "camera"], how="semi")
    inside = (
        pl.min_horizontal("left_at", "interval_end")
        - pl.max_horizontal("entered_at", "interval_start")
    ).dt.total_seconds()
    return (
        stays.lazy()
        .join(observed.lazy(), on="camera")
        .with_columns(inside=inside)
        .filter(pl.col("inside") > 0)
        .group_by("zone")
        .agg(person_seconds=pl.col("inside").sum())
        .collect(engine="streaming")
    )


def _positions(tables: Tables) -> pl.DataFrame:
    return (
        _observed_positions(tables).group_by("camera").agg(person_seconds=pl.col("positions").sum())
    )


def _all_positions(tables: Tables) -> pl.DataFrame:
    return (
        tables[POSITIONS_IN_INTERVAL]
        .group_by("camera")
        .agg(person_seconds=pl.col("positions").sum())
    )


def _observed_positions(tables: Tables) -> pl.DataFrame:
    """Numbers of positions in quarters of which the hour was observed by their camera."""
    hours = tables["intervals"].select("interval_start", "hour_start")
    observed = _spans_observed(tables, ANONYMISED_TRAJECTORIES.name, "hour_start")
    return (
        tables[POSITIONS_IN_INTERVAL]
        .join(hours, on="interval_start")
        .join(observed, on=["camera", "hour_start"], how="semi")
    )
