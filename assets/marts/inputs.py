"""The relations that the SQL of the marts reads, for one site-day.

Belongs here: turning the site file, the clock and the camera-days into tables. Does not belong
here: any figure; those are computed in sql/.
"""

import datetime as dt
from collections.abc import Mapping, Set
from itertools import pairwise
from types import MappingProxyType

import polars as pl

from vision.contract_terms import INSTANT, Contract
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, GRID_M, ZONE_VISITS
from vision.contracts_ingest import COVERAGE
from vision.site.models import FloorPoint, Gate, SiteDay
from vision.site.quiet_hours import quiet_spans

CameraDays = Mapping[str, pl.DataFrame]
"""Rows of one dataset by camera; a camera that has not delivered is absent."""


class RowsByCamera(CameraDays):
    """`CameraDays` as an annotation that Dagster checks: it would take `Mapping` for a dict."""


RowsByCamera.register(dict)

Purged = Mapping[str, Set[str]]
"""Of each dataset the cameras whose rows were deleted by age."""

EVENTS = (GATE_EVENTS, ZONE_VISITS, ANONYMISED_TRAJECTORIES)
"""Datasets right of the wall from which the marts are made; each needs coverage beside it."""

EXACTNESS = ((1, GRID_M), (60, 2.0), (900, 8.0))
"""How exactly somebody may know when, seconds, and where, metres, a person was: as exactly as it is
stored, as they remember it, as they could tell from a diary. From the finest on."""

OBSERVED, PRIVACY_FAILED, UNCALIBRATED = "observed", "privacy_failed", "uncalibrated"
NOT_OBSERVED = ("missing", "no_exports", PRIVACY_FAILED, "withheld")
"""Why a camera tells nothing of a day."""
NOT_FOLLOWED = (*NOT_OBSERVED, UNCALIBRATED)
"""Why a camera has no trajectories of a day."""
AUDIT_DAYS = 28
"""Trading days for which a count by eye says how exact its gate is, its own included."""
_QUARTER = 15
_EXACTNESS = {"known_s": pl.Int32, "known_m": pl.Float64}


def relations(
    site_day: SiteDay,
    coverage: CameraDays,
    events: Mapping[str, CameraDays],
    purged: Purged = MappingProxyType({}),
    failed: Set[str] = frozenset(),
) -> dict[str, pl.DataFrame]:
    """Make every relation that a mart may read.

    Args:
        site_day: The site on the day.
        coverage: Rows of `coverage` by camera.
        events: Of each dataset in `EVENTS` the rows by camera. A dataset that is absent counts as
            delivered by no camera.
        purged: What of them was deleted by age. It was delivered, and is not there.
        failed: Cameras of which something failed its privacy check. Nothing of them is used.

    Returns:
        `site_day`, `intervals`, `exactness`, `cameras`, `deliveries`, `gates`, `zones`, `audits`,
        `coverage` and the datasets, but for floor positions: what is kept of those is
        `assets.marts.positions`'.
    """
    # To look a camera up may mean to read it.
    coverage = dict(coverage)
    known = cameras(site_day, coverage, events, purged, failed)
    tables = {
        "site_day": _site_day(site_day),
        "intervals": intervals(site_day),
        "exactness": pl.DataFrame(EXACTNESS, _EXACTNESS, orient="row"),
        "cameras": known,
        "deliveries": deliveries(known),
        "gates": gates(site_day),
        "zones": _zones(site_day),
        "audits": _audits(site_day),
        COVERAGE.name: _together(COVERAGE, coverage, site_day, failed),
    }
    for contract in (GATE_EVENTS, ZONE_VISITS):
        tables[contract.name] = _together(contract, events.get(contract.name, {}), site_day, failed)
    return tables


def intervals(site_day: SiteDay) -> pl.DataFrame:
    """Every quarter of an hour of the trading day: 92, 96 or 100 of them.

    Quarters follow the site's clocks; where the trading day does not begin on one, the first and
    the last are shorter. `hour_start` is the first quarter of the same hour on the clocks; the hour
    that a clock shows twice is two hours.

    Returns:
        interval_start, interval_end, hour_start: UTC; local_start: on the site's clocks;
        in_trading_hours: whether the site is open in some part of the quarter, and it is not of
        quiet hours; is_quiet: whether the site is open, and it is.
    """
    zone = site_day.site.zone_info
    trading_hours = site_day.trading_hours
    quiet = quiet_spans(site_day)
    hour_starts: dict[tuple[object, ...], dt.datetime] = {}
    rows = []
    for start, end in pairwise(_quarters(site_day)):
        local = start.astimezone(zone)
        hour = hour_starts.setdefault((local.date(), local.hour, local.utcoffset()), start)
        open_in_part = trading_hours is not None and (
            start < trading_hours[1] and end > trading_hours[0]
        )
        # Quiet hours begin and end on quarters.
        unseen = any(begins <= start < ends for begins, ends in quiet)
        told = (open_in_part and not unseen, open_in_part and unseen)
        rows.append((start, end, hour, local.replace(tzinfo=None), *told))
    return pl.DataFrame(
        rows,
        orient="row",
        schema={
            "interval_start": INSTANT,
            "interval_end": INSTANT,
            "hour_start": INSTANT,
            "local_start": pl.Datetime("us"),
            "in_trading_hours": pl.Boolean,
            "is_quiet": pl.Boolean,
        },
    )


def cameras(
    site_day: SiteDay,
    coverage: CameraDays,
    events: Mapping[str, CameraDays],
    purged: Purged = MappingProxyType({}),
    failed: Set[str] = frozenset(),
) -> pl.DataFrame:
    """Every camera of the day and what of it is there.

    Returns:
        camera, floor, calibrated, state and, of each dataset in `EVENTS`, `<dataset>_delivered`:
        bool. The state is
        `observed`; `no_exports`: the day was looked at and nothing of it was recorded or readable;
        `privacy_failed`: something of it failed its privacy check, so nothing of it is used;
        `withheld`: recorded, but a dataset is not there yet; `missing`: nothing is there.
    """
    rows = []
    for camera, entry in sorted(site_day.cameras.items()):
        delivered = {
            f"{contract.name}_delivered": camera not in failed
            and camera in coverage
            and camera in events.get(contract.name, {})
            for contract in EVENTS
        }
        once = {
            contract.name
            for contract in EVENTS
            if delivered[f"{contract.name}_delivered"] or camera in purged.get(contract.name, ())
        }
        rows.append(
            {
                "camera": camera,
                "floor": entry.floor,
                "calibrated": entry.calibrated,
                "state": PRIVACY_FAILED
                if camera in failed
                else _state(coverage.get(camera), len(once) == len(EVENTS)),
                **delivered,
            }
        )
    schema = {
        "camera": pl.String(),
        "floor": pl.String(),
        "calibrated": pl.Boolean(),
        "state": pl.String(),
        **{f"{contract.name}_delivered": pl.Boolean() for contract in EVENTS},
    }
    return pl.DataFrame(rows, schema=schema)


def deliveries(cameras: pl.DataFrame) -> pl.DataFrame:
    """Every dataset of every camera, and whether there is something of it to count.

    A camera without calibration delivers trajectories without positions: those tell nothing.

    Returns:
        camera, floor, dataset, delivered, state: as in `cameras`, but for `uncalibrated`.
    """
    followed = pl.col("calibrated") | (pl.col("dataset") != ANONYMISED_TRAJECTORIES.name)
    return pl.concat(
        cameras.select(
            "camera",
            "floor",
            dataset=pl.lit(contract.name),
            delivered=f"{contract.name}_delivered",
            state="state",
            calibrated="calibrated",
        )
        for contract in EVENTS
    ).select(
        "camera",
        "floor",
        "dataset",
        delivered=pl.col("delivered") & followed,
        state=pl.when(followed | (pl.col("state") != OBSERVED))
        .then("state")
        .otherwise(pl.lit(UNCALIBRATED)),
    )


def _site_day(site_day: SiteDay) -> pl.DataFrame:
    file = site_day.site.file
    return pl.DataFrame(
        {
            "site": [site_day.site.id],
            "trading_day": [site_day.day],
            "staff_after_s": [60 * file.staff_after_minutes],
            "estimate_gaps": [file.estimate_gaps],
            "audit_days": [AUDIT_DAYS],
        },
        schema={
            "site": pl.String,
            "trading_day": pl.Date,
            "staff_after_s": pl.Int64,
            "estimate_gaps": pl.Boolean,
            "audit_days": pl.Int32,
        },
    )


def _state(coverage: pl.DataFrame | None, delivered: bool) -> str:
    if coverage is None:
        return "missing"
    if not coverage["readable_s"].sum():
        return "no_exports"
    return OBSERVED if delivered else "withheld"


def _quarters(site_day: SiteDay) -> list[dt.datetime]:
    start, end = site_day.window
    # Every zone's offset has been a multiple of a quarter of an hour since 1972.
    first = start + dt.timedelta(minutes=_QUARTER - start.minute % _QUARTER)
    bounds = [start]
    while first < end:
        bounds.append(first)
        first += dt.timedelta(minutes=_QUARTER)
    return [*bounds, end]


def gates(site_day: SiteDay) -> pl.DataFrame:
    """Every gate, and since which day it and its camera are as they are."""
    words = dict.fromkeys(("gate", "camera", "floor", "leads_from"), pl.String())
    return pl.DataFrame(
        [
            (gate.id, gate.camera, gate.floor, gate.leads_from, _since(site_day, gate))
            for _, gate in sorted(site_day.gates.items())
        ],
        orient="row",
        schema={**words, "since": pl.Date()},
    )


def _since(site_day: SiteDay, gate: Gate) -> dt.date:
    begun = (gate.valid_from, site_day.cameras[gate.camera].valid_from)
    return max([site_day.site.file.opens, *(day for day in begun if day is not None)])


def _zones(site_day: SiteDay) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                zone.id,
                zone.kind,
                zone.camera,
                zone.floor,
                zone.min_dwell,
                zone.of,
                None if zone.polygon is None else _area(zone.polygon),
            )
            for _, zone in sorted(site_day.zones.items())
            # Nobody in an excluded zone is counted, so a figure for it would be a false zero.
            if zone.kind != "exclude"
        ],
        orient="row",
        schema={
            "zone": pl.String,
            "kind": pl.String,
            "camera": pl.String,
            "floor": pl.String,
            "min_dwell_s": pl.Float64,
            "of": pl.String,
            "area_m2": pl.Float64,
        },
    )


def _audits(site_day: SiteDay) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (one.gate, *one.window(site_day.site.zone_info), one.entries, one.exits)
            for one in site_day.audits
        ],
        orient="row",
        schema={
            "gate": pl.String,
            "starts_at": INSTANT,
            "ends_at": INSTANT,
            "entries": pl.Int32,
            "exits": pl.Int32,
        },
    )


def _area(polygon: tuple[FloorPoint, ...]) -> float:
    ring = (*polygon, polygon[0])
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring))) / 2


def _together(
    contract: Contract, frames: CameraDays, site_day: SiteDay, failed: Set[str]
) -> pl.DataFrame:
    wanted = [
        frames[camera].select(pl.lit(camera).alias("camera"), *contract.schema.names())
        for camera in sorted(site_day.cameras)
        if camera in frames and camera not in failed
    ]
    empty = contract.empty().select(pl.lit("").alias("camera"), *contract.schema.names())
    return pl.concat([empty, *wanted])
