"""The first stage left of the wall: people's boxes in the frames of a camera-day.

Belongs here: `detections`. Does not belong here: detectors; the root of the project supplies what
`vision.protocols` describes.
"""

import time
from collections.abc import Iterable, Iterator

import dagster as dg
import numpy as np
import polars as pl

from assets import traits as traits_of
from assets.camera_day import RETRY, camera_day_asset
from assets.metadata import five_minute_plot
from assets.plan import TRACKING, SitePlan, camera_of
from vision.contracts import BOX, DETECTIONS
from vision.exports.folder import Recordings
from vision.exports.frames import day_frames
from vision.protocols import Boxes, Detector, Frame
from vision.traits import Look, TraitHolder

_SECONDS_BETWEEN_REPORTS = 5.0


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The asset of people's boxes."""
    return [_detections(plan)]


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
        recordings: dg.ResourceParam[Recordings],
        detector: dg.ResourceParam[Detector],
        guesser: dg.ResourceParam[Look],
        traits: dg.ResourceParam[TraitHolder],
    ) -> dg.Output[pl.DataFrame]:
        from vision import masking

        site_day = plan.day(context)
        camera = camera_of(site_day, context.partition_key)
        progress = _Progress(context, _video_seconds(camera_exports) * camera.analysed_fps)
        began = time.monotonic()
        frames = day_frames(camera_exports, recordings, site_day, fps=camera.analysed_fps)
        blanked = masking.blanked(progress.count(frames), camera.masks)
        privacy = plan.site.file.privacy
        if traits_of.wanted(privacy):
            traits.begin(context.partition_key)
            frame = _rows(traits_of.boxes(privacy, detector, blanked, guesser, traits))
            traits.seal(frame)
        else:
            frame = _rows(detector.detect(blanked))
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


class _Progress:
    """Counts frames as they pass and says every few seconds how far the camera-day is."""

    def __init__(self, context: dg.AssetExecutionContext, expected: float) -> None:
        self._context = context
        self._expected = max(1.0, expected)
        self._said = self._began = time.monotonic()
        self._told = -1.0
        self.done = 0

    def count(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            now = time.monotonic()
            if not self.done:
                # What comes before the first frame (compiling the model) is no frame's time.
                self._said = self._began = now
            self.done += 1
            share = min(1.0, self.done / self._expected)
            # A hundred lines at most, however long the day: nobody reads more, and a gate in front
            # of the event log takes many lines of one shape for a vector.
            if now - self._said > _SECONDS_BETWEEN_REPORTS and share >= self._told + 0.01:
                self._said, self._told = now, share
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
            **{name: xyxy[:, column] for column, name in enumerate(BOX)},
            "confidence": np.concatenate([boxes.confidence for boxes in frames]),
        }
    )
    return frame.with_columns(
        pl.from_epoch("frame_at", time_unit="us").dt.replace_time_zone("UTC")
    ).cast(DETECTIONS.schema)
