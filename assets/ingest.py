"""The ingest stage: which files a camera-day has.

Belongs here: `camera_exports`. Does not belong here: how files are named, timed and probed
(`vision.exports`), or `coverage`, which is known when the files have been decoded
(`assets.detections`).
"""

import dagster as dg
import polars as pl

from assets.camera_day import RETRY, camera_day_asset
from assets.plan import INGEST, SitePlan, camera_of
from vision.contracts import CAMERA_EXPORTS
from vision.exports import catalogue, folder


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The asset of a camera-day's files."""
    return [_camera_exports(plan)]


def _camera_exports(plan: SitePlan) -> dg.AssetsDefinition:
    @camera_day_asset(
        plan,
        CAMERA_EXPORTS,
        group=INGEST,
        kinds={"polars", "parquet"},
        lineage={},
        retry=RETRY,
    )
    def camera_exports(
        context: dg.AssetExecutionContext, recordings: dg.ResourceParam[folder.Recordings]
    ) -> dg.Output[pl.DataFrame]:
        site_day = plan.day(context)
        camera = camera_of(site_day, context.partition_key)
        frame = catalogue.catalogue(recordings.find(site_day, camera), camera, site_day)
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


def _hours(frame: pl.DataFrame) -> float:
    spans = frame.select((pl.col("ended_at") - pl.col("started_at")).dt.total_seconds())
    return float(spans.to_series().sum() or 0) / 3600
