"""The ingest stage: which files a camera-day has, and what of it they show.

Belongs here: `camera_exports` and `timeline`, made in one step. Does not belong here: how files are
named, timed and measured (`vision.exports`), or `coverage`, which is known when they have been
decoded (`assets.detections`).
"""

import hashlib
import time
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from assets import recordings as source
from assets.camera_day import RETRY, Lineage, spec_fields
from assets.export_table import export_table
from assets.plan import INGEST, SitePlan, camera_of
from assets.storage import CameraDays
from vision.contract_terms import Contract
from vision.contracts_ingest import CAMERA_EXPORTS, TIMELINE
from vision.exports.folder import Export, Recordings
from vision.site.models import Camera, SiteDay

if TYPE_CHECKING:
    from vision.exports.catalogue import Catalogue
    from vision.exports.pool import Probed, SetAside

_SECONDS_BETWEEN_REPORTS = 5.0
_SENSOR = "dagster/sensor_name"

_LINEAGE: dict[str, Lineage] = {
    CAMERA_EXPORTS.name: {},
    TIMELINE.name: {
        "begins_at": [("camera_exports", "started_at")],
        "ends_at": [("camera_exports", "ended_at")],
        "sha256": [("camera_exports", "sha256")],
    },
}
_IN_NO_NAME = ("file_name", "modified_at", "export")
"""Columns that another copy of the same recording changes."""


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The ingest assets of a site."""

    @dg.multi_asset(
        name=f"{plan.site.id}_ingest",
        outs={
            CAMERA_EXPORTS.name: _out(plan, CAMERA_EXPORTS),
            TIMELINE.name: _out(plan, TIMELINE, is_required=False),
        },
        deps=[plan.key(source.NAME)],
        partitions_def=plan.camera_days,
        retry_policy=RETRY,
    )
    def ingest(
        context: dg.AssetExecutionContext,
        recordings: dg.ResourceParam[Recordings],
        lake: dg.ResourceParam[CameraDays],
    ) -> Iterator[dg.Output[pl.DataFrame]]:
        from vision.exports.catalogue import catalogue

        site_day = plan.day(context)
        camera = camera_of(site_day, context.partition_key)
        found = recordings.find(site_day, camera)
        source.note_made_from(context, plan, found)
        before = lake.stored(CAMERA_EXPORTS.name, site_day.day, camera.id)
        made = catalogue(found, camera, site_day, _Measuring(context), before)
        _warn(context, made.exports)
        version = _version_of_files(made.exports)
        told = _told_of_files(made, site_day, camera)
        yield _output(CAMERA_EXPORTS, made.exports, told, version)
        if (
            context.run.tags.get(_SENSOR) == source.ARRIVALS
            and before is not None
            and version == _version_of_files(before)
            and lake.is_made_from(made.timeline, site_day.day, camera.id)
        ):
            # What is not yielded is not made again, nor is anything that follows from it.
            context.log.info("the files that arrived show nothing that was not there before")
            return
        yield _output(
            TIMELINE, made.timeline, _told_of_timeline(made.timeline), _version(made.timeline)
        )

    return [ingest]


def _out(plan: SitePlan, contract: Contract, *, is_required: bool = True) -> dg.AssetOut:
    fields = spec_fields(
        plan, contract, kinds={"polars", "parquet"}, lineage=_LINEAGE[contract.name]
    )
    return dg.AssetOut(**fields, group_name=INGEST, is_required=is_required)


def _output(
    contract: Contract, frame: pl.DataFrame, told: dict[str, Any], version: dg.DataVersion
) -> dg.Output[pl.DataFrame]:
    """A dataset and its version, which Dagster 1.13 marks as beta (constraints.txt pins it)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.Output(frame, output_name=contract.name, metadata=told, data_version=version)


class _Measuring:
    """Opens files in child processes, and says how many are done where it takes a while."""

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._context = context

    def __call__(self, exports: Sequence[Export]) -> "Iterator[Probed | SetAside]":
        from vision.exports.catalogue import measured

        said = time.monotonic()
        for done, outcome in enumerate(measured(exports), 1):
            now = time.monotonic()
            if now - said > _SECONDS_BETWEEN_REPORTS:
                said = now
                self._context.log.info(
                    f"{self._context.partition_key}: {done} of {len(exports)} new files measured"
                )
            yield outcome


def _warn(context: dg.AssetExecutionContext, exports: pl.DataFrame) -> None:
    set_aside = exports.filter(pl.col("status") == "quarantined")
    for reason, files in set_aside.group_by("reason").len().sort("reason").iter_rows():
        first = set_aside.filter(pl.col("reason") == reason)["export"][0]
        context.log.warning(f"{files} files are set aside, {reason}; the first is export {first}")


def _told_of_files(made: "Catalogue", site_day: SiteDay, camera: Camera) -> dict[str, Any]:
    exports = made.exports
    table = export_table(exports, site_day.site.zone_info, camera.clock.tolerance_s)
    told: dict[str, Any] = {
        "by_kind": table,
        "files": exports.height,
        "files_opened": made.opened,
        "files_repeated": exports.filter(pl.col("status") == "repeated").height,
        "files_set_aside": exports.filter(pl.col("status") == "quarantined").height,
        "video_hours": round(_seconds(exports["ended_at"] - exports["started_at"]) / 3600, 3),
    }
    apart = exports["clocks_apart_s"].abs().max()
    if isinstance(apart, float):
        told["clocks_apart_at_most_s"] = round(apart, 3)
    if made.drift_s_per_day is not None:
        told["clock_drift_s_per_day"] = made.drift_s_per_day
    return told


def _told_of_timeline(timeline: pl.DataFrame) -> dict[str, Any]:
    seconds = _seconds(timeline["ends_at"] - timeline["begins_at"])
    return {"stretches": timeline.height, "hours": round(seconds / 3600, 3)}


def _seconds(durations: pl.Series) -> float:
    return float(durations.dt.total_microseconds().sum() or 0) / 1_000_000


def _version_of_files(exports: pl.DataFrame) -> dg.DataVersion:
    """That of the files that show something, or that would have."""
    return _version(exports.filter(pl.col("status") != "repeated"))


def _version(frame: pl.DataFrame) -> dg.DataVersion:
    """The same for the same recordings, under whatever names and however often exported."""
    rows = frame.drop(_IN_NO_NAME, strict=False)
    told = rows.sort(rows.columns).write_csv()
    return dg.DataVersion(hashlib.sha256(told.encode()).hexdigest())
