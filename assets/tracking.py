"""The tracking stage, left of the wall: people's boxes, and one person's path in one camera.

Belongs here: `detections` and `tracks`. Does not belong here: detectors and trackers; the root of
the project supplies those that `vision.protocols` describes.
"""

import time
from collections.abc import Iterable, Iterator

import dagster as dg
import numpy as np
import polars as pl

from assets.camera_day import RETRY, camera_day_asset
from assets.metadata import five_minute_plot
from assets.plan import TRACKING, SitePlan, camera_of
from vision import exports
from vision.contracts import DETECTIONS, TRACKS
from vision.protocols import Boxes, Detector, Frame, Tracker, View

_BOX = ("x_min", "y_min", "x_max", "y_max")
_SECONDS_BETWEEN_REPORTS = 5.0


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The tracking assets of a site."""
    return [_detections(plan), _tracks(plan)]


def _detections(plan: SitePlan) -> dg.AssetsDefinition:
    lineage = {"frame_at": [("camera_exports", "started_at")]}

    @camera_day_asset(
        plan,
        DETECTIONS,
        group=TRACKING,
        kinds={"ultralytics", "parquet"},
        reads=["camera_exports"],
        lineage=lineage,
        retry=RETRY,
    )
    def detections(
        context: dg.AssetExecutionContext,
        camera_exports: pl.DataFrame,
        recordings: dg.ResourceParam[exports.Recordings],
        detector: dg.ResourceParam[Detector],
    ) -> dg.Output[pl.DataFrame]:
        from vision import masking

        site_day = plan.day(context)
        camera = camera_of(site_day, context.partition_key)
        progress = _Progress(context, _video_seconds(camera_exports) * camera.analysed_fps)
        began = time.monotonic()
        frames = exports.frames(camera_exports, recordings, site_day, fps=camera.analysed_fps)
        unmasked = progress.count(frames)
        frame = _rows(detector.detect(masking.blanked(unmasked, camera.masks)))
        spent = time.monotonic() - began
        hours = _video_seconds(camera_exports) / 3600
        metadata: dict[str, dg.MetadataValue] = {
            "frames_analysed": dg.MetadataValue.int(progress.done),
            "seconds_spent": dg.MetadataValue.float(round(spent, 1)),
        }
        if progress.done:
            metadata["detector"] = dg.MetadataValue.text(detector.description)
        if hours:
            metadata["seconds_per_video_hour"] = dg.MetadataValue.float(round(spent / hours, 1))
        if (
            plot := five_minute_plot(frame["frame_at"], "Boxes per five minutes", "boxes")
        ) is not None:
            metadata["over_the_day"] = plot
        return dg.Output(frame, metadata=metadata)

    return detections


def _tracks(plan: SitePlan) -> dg.AssetsDefinition:
    lineage = {column: [("detections", column)] for column in ("frame_at", *_BOX, "confidence")} | {
        "track": [("detections", column) for column in ("frame_at", *_BOX)]
    }

    @camera_day_asset(
        plan,
        TRACKS,
        group=TRACKING,
        kinds={"polars", "parquet"},
        reads=["detections"],
        lineage=lineage,
    )
    def tracks(
        context: dg.AssetExecutionContext,
        detections: pl.DataFrame,
        tracker: dg.ResourceParam[Tracker],
    ) -> dg.Output[pl.DataFrame]:
        camera = camera_of(plan.day(context), context.partition_key)
        frame = tracker.track(detections, View(*camera.frame, analysed_fps=camera.analysed_fps))
        people = frame["track"].n_unique()
        filled = frame["confidence"].null_count()
        return dg.Output(
            frame,
            metadata={
                "tracks": people,
                "boxes_filled_in_share": round(filled / frame.height, 3) if frame.height else 0.0,
                "boxes_left_out_share": round(1 - (frame.height - filled) / detections.height, 3)
                if detections.height
                else 0.0,
            },
        )

    return tracks


class _Progress:
    """Counts frames as they pass and says every few seconds how far the camera-day is."""

    def __init__(self, context: dg.AssetExecutionContext, expected: float) -> None:
        self._context = context
        self._expected = max(1.0, expected)
        self._said = self._began = time.monotonic()
        self.done = 0

    def count(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            now = time.monotonic()
            if not self.done:
                # What comes before the first frame (compiling the model) is no frame's time.
                self._said = self._began = now
            self.done += 1
            if now - self._said > _SECONDS_BETWEEN_REPORTS:
                self._said = now
                share = min(1.0, self.done / self._expected)
                rate = self.done / (now - self._began)
                self._context.log.info(
                    f"{self._context.partition_key}: {share:.0%} of about {self._expected:.0f} "
                    f"frames, {rate:.0f} a second"
                )
            yield frame


def _video_seconds(camera_exports: pl.DataFrame) -> float:
    taken = camera_exports.filter(pl.col("status") == "catalogued")
    spans = taken.select((pl.col("ended_at") - pl.col("started_at")).dt.total_microseconds())
    return float(spans.to_series().sum() or 0) / 1_000_000


def _rows(found: Iterable[Boxes]) -> pl.DataFrame:
    frames = [boxes for boxes in found if len(boxes.confidence)]
    if not frames:
        return DETECTIONS.empty()
    xyxy = np.concatenate([boxes.xyxy for boxes in frames])
    at = np.repeat([boxes.at_us for boxes in frames], [len(boxes.confidence) for boxes in frames])
    frame = pl.DataFrame(
        {
            "frame_at": at,
            **{name: xyxy[:, column] for column, name in enumerate(_BOX)},
            "confidence": np.concatenate([boxes.confidence for boxes in frames]),
        }
    )
    return frame.with_columns(
        pl.from_epoch("frame_at", time_unit="us").dt.replace_time_zone("UTC")
    ).cast(DETECTIONS.schema)
