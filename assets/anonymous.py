"""The step through the wall: from tracks to what may be kept.

Belongs here: `anonymised_trajectories`, `gate_events` and `zone_visits`, made in one step, which
alone reads personal data and stores none. Does not belong here: how crossings, visits and positions
are decided (`vision`).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from assets.camera_day import Lineage, spec_fields
from assets.metadata import five_minute_plot
from assets.plan import ANONYMOUS, SitePlan, camera_of
from assets.storage import CameraDays
from vision.calibration import Homography
from vision.contract_terms import Contract
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.protocols import View

_PLACE = [("tracks", "x_min"), ("tracks", "x_max"), ("tracks", "y_max")]
_WHEN = [("tracks", "frame_at")]
_LINEAGE: dict[str, Lineage] = {
    ANONYMISED_TRAJECTORIES.name: {
        "trajectory": _WHEN + _PLACE,
        "at": _WHEN,
        "x_m": _PLACE,
        "y_m": _PLACE,
    },
    GATE_EVENTS.name: {"gate": _PLACE, "at": _WHEN, "direction": _WHEN + _PLACE},
    ZONE_VISITS.name: {
        "zone": _PLACE,
        "entered_at": _WHEN,
        "left_at": _WHEN,
        "dwell_s": _WHEN,
        "ends_seen": _WHEN + _PLACE,
    },
}
_ROWS_PLOTTED = {GATE_EVENTS.name: ("at", "crossings"), ZONE_VISITS.name: ("entered_at", "visits")}


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The anonymous assets of a site."""
    contracts = (ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS)

    @dg.multi_asset(
        name=f"{plan.site.id}_anonymise",
        outs={contract.name: _out(plan, contract) for contract in contracts},
        ins={"tracks": dg.AssetIn(plan.key("tracks"))},
        partitions_def=plan.camera_days,
        can_subset=True,
    )
    def anonymise(
        context: dg.AssetExecutionContext,
        tracks: pl.DataFrame,
        lake: dg.ResourceParam[CameraDays],
    ) -> Iterator[dg.Output[pl.DataFrame]]:
        made = _made(plan, context, tracks, lake)
        for contract in contracts:
            if contract.name in context.op_execution_context.selected_output_names:
                frame = made[contract.name]
                yield dg.Output(
                    frame, output_name=contract.name, metadata=_metadata(contract, frame)
                )

    return [anonymise]


def _out(plan: SitePlan, contract: Contract) -> dg.AssetOut:
    fields = spec_fields(
        plan, contract, kinds={"polars", "parquet"}, lineage=_LINEAGE[contract.name]
    )
    return dg.AssetOut(**fields, group_name=ANONYMOUS, is_required=False)


def _made(
    plan: SitePlan, context: dg.AssetExecutionContext, tracks: pl.DataFrame, lake: CameraDays
) -> dict[str, pl.DataFrame]:
    """All three datasets from one smoothing of the tracks, which goes no further than here."""
    from vision.anonymise import coarse, ranked
    from vision.crossings import gate_events, span_us
    from vision.floor import batches_of_paths
    from vision.objections import without
    from vision.visits import without_excluded, zone_visits

    site_day = plan.day(context)
    camera = camera_of(site_day, context.partition_key)
    homography = Homography.fit(camera.calibration) if camera.calibrated else None
    view = View(*camera.frame, analysed_fps=camera.analysed_fps)
    zones, gates = site_day.zones_of(camera.id), site_day.gates_of(camera.id)
    floor = site_day.floor_of(camera.id)
    trajectories, events, visits = [], [GATE_EVENTS.empty()], [ZONE_VISITS.empty()]
    recorded_us = None if tracks.is_empty() else span_us(tracks["frame_at"])
    for batch in batches_of_paths(tracks, homography, view):
        feet = without_excluded(batch, zones)
        trajectories += coarse(feet, floor)
        events.append(gate_events(feet, gates, recorded_us))
        visits.append(zone_visits(feet, zones))
    made = {
        ANONYMISED_TRAJECTORIES.name: ranked(trajectories),
        GATE_EVENTS.name: pl.concat(events).sort(pl.all()),
        ZONE_VISITS.name: pl.concat(visits).sort(pl.all()),
    }
    # Who objected is not to come back when the day is made again.
    return without(made, lake.objections(), site_day, camera.id)


def _metadata(contract: Contract, frame: pl.DataFrame) -> dict[str, Any]:
    if contract is ANONYMISED_TRAJECTORIES:
        return {"trajectories": frame["trajectory"].n_unique()}
    column, unit = _ROWS_PLOTTED[contract.name]
    plot = five_minute_plot(frame[column], f"{unit.capitalize()} per five minutes, UTC", unit)
    figures: dict[str, Any] = {}
    if contract is GATE_EVENTS:
        figures = {
            "entries": frame.filter(pl.col("direction") == "in").height,
            "exits": frame.filter(pl.col("direction") == "out").height,
        }
    return figures if plot is None else figures | {"over_the_day": plot}
