"""The ingest stage: which files a camera-day has, and what each minute observed.

Belongs here: `camera_exports` and `coverage`. Does not belong here: how files are named, timed and
probed (`vision.exports`).
"""

import dagster as dg
import polars as pl

from assets import recordings as source
from assets.camera_day import RETRY, camera_day_asset
from assets.metadata import coverage_plot
from assets.plan import INGEST, SitePlan, camera_of
from vision.contracts import CAMERA_EXPORTS, COVERAGE
from vision.exports import catalogue, folder
from vision.exports.coverage import coverage as by_minute


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The ingest assets of a site."""
    return [_camera_exports(plan), _coverage(plan)]


def _camera_exports(plan: SitePlan) -> dg.AssetsDefinition:
    @camera_day_asset(
        plan,
        CAMERA_EXPORTS,
        group=INGEST,
        kinds={"polars", "parquet"},
        lineage={},
        deps=[source.NAME],
        retry=RETRY,
    )
    def camera_exports(
        context: dg.AssetExecutionContext, recordings: dg.ResourceParam[folder.Recordings]
    ) -> dg.Output[pl.DataFrame]:
        site_day = plan.day(context)
        camera = camera_of(site_day, context.partition_key)
        found = recordings.find(site_day, camera)
        source.note_made_from(context, plan, found)
        frame = catalogue.catalogue(found, camera, site_day)
        set_aside = frame.filter(pl.col("status") == "quarantined")
        for number, reason in set_aside.select("export", "reason").iter_rows():
            context.log.warning(f"export {number} is set aside: {reason}")
        return dg.Output(
            frame,
            metadata={
                "files": frame.height,
                "files_set_aside": set_aside.height,
                "video_hours": round(_hours(frame), 3),
            },
        )

    return camera_exports


def _coverage(plan: SitePlan) -> dg.AssetsDefinition:
    lineage = {
        "recorded_s": [("camera_exports", "started_at"), ("camera_exports", "ended_at")],
        "readable_s": [("camera_exports", "started_at"), ("camera_exports", "ended_at")],
        "reason": [("camera_exports", "status")],
    }

    @camera_day_asset(
        plan,
        COVERAGE,
        group=INGEST,
        kinds={"polars", "parquet"},
        reads=["camera_exports"],
        lineage=lineage,
    )
    def coverage(
        context: dg.AssetExecutionContext, camera_exports: pl.DataFrame
    ) -> dg.Output[pl.DataFrame]:
        site_day = plan.day(context)
        frame = by_minute(camera_exports, site_day)
        metadata: dict[str, dg.MetadataValue] = {
            "minutes_observed": dg.MetadataValue.float(_minutes(frame["readable_s"])),
            "minutes_recorded": dg.MetadataValue.float(_minutes(frame["recorded_s"])),
        }
        if frame["recorded_s"].sum():
            metadata["by_minute"] = coverage_plot(frame)
        return dg.Output(frame, metadata=metadata)

    return coverage


def _hours(frame: pl.DataFrame) -> float:
    spans = frame.select((pl.col("ended_at") - pl.col("started_at")).dt.total_seconds())
    return float(spans.to_series().sum() or 0) / 3600


def _minutes(seconds: pl.Series) -> float:
    return round(float(seconds.sum()) / 60, 2)
