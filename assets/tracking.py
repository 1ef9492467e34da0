"""The tracking stage, left of the wall: people's boxes, and one person's path in one camera.

Belongs here: `detections` and `tracks`, and `zone_demographics_daily` where a site asks for it,
since what it is made from does not outlive tracking. Does not belong here: detectors and trackers;
the root of the project supplies those that `vision.protocols` describes.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg
import numpy as np
import polars as pl

from assets import traits as traits_of
from assets.camera_day import RETRY, Lineage, camera_day_asset, spec_fields
from assets.metadata import five_minute_plot
from assets.plan import ANONYMOUS, TRACKING, SitePlan, camera_of
from vision import exports
from vision.calibration import Homography
from vision.contracts import DETECTIONS, TRACKS, ZONE_DEMOGRAPHICS_DAILY
from vision.protocols import Boxes, Detector, Frame, Tracker, View
from vision.site.models import Camera
from vision.traits import Destroyed, Look, TraitHolder, Traits

_BOX = ("x_min", "y_min", "x_max", "y_max")
_SECONDS_BETWEEN_REPORTS = 5.0
_TRACKS_LINEAGE: Lineage = {
    column: [("detections", column)] for column in ("frame_at", *_BOX, "confidence")
} | {"track": [("detections", column) for column in ("frame_at", *_BOX)]}


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The tracking assets of a site."""
    with_demographics = plan.site.file.privacy.age_gender is not None
    return [_detections(plan), _tracks_and_votes(plan) if with_demographics else _tracks(plan)]


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
        guesser: dg.ResourceParam[Look],
        traits: dg.ResourceParam[TraitHolder],
    ) -> dg.Output[pl.DataFrame]:
        from vision import masking

        site_day = plan.day(context)
        camera = camera_of(site_day, context.partition_key)
        progress = _Progress(context, _video_seconds(camera_exports) * camera.analysed_fps)
        began = time.monotonic()
        frames = exports.frames(camera_exports, recordings, site_day, fps=camera.analysed_fps)
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


def _tracks(plan: SitePlan) -> dg.AssetsDefinition:
    @camera_day_asset(
        plan,
        TRACKS,
        group=TRACKING,
        kinds={"polars", "parquet"},
        reads=["detections"],
        lineage=_TRACKS_LINEAGE,
    )
    def tracks(
        context: dg.AssetExecutionContext,
        detections: pl.DataFrame,
        tracker: dg.ResourceParam[Tracker],
        traits: dg.ResourceParam[TraitHolder],
    ) -> dg.Output[pl.DataFrame]:
        try:
            taken = traits_of.taken(plan, context, traits, detections)
            with traits_of.without_words(taken):
                frame = _tracked(plan, context, detections, tracker, taken)
        finally:
            gone = traits.destroy()
        return dg.Output(frame, metadata=_told(plan, detections, frame, gone))

    return tracks


def _tracks_and_votes(plan: SitePlan) -> dg.AssetsDefinition:
    """Both in one step, after which nothing is left of what anybody was guessed to be."""
    kinds = {"polars", "parquet"}
    demographics: Lineage = {"zone": [("detections", name) for name in _BOX]}

    @dg.multi_asset(
        name=f"{plan.site.id}_tracks_and_votes",
        outs={
            TRACKS.name: dg.AssetOut(
                **spec_fields(plan, TRACKS, kinds=kinds, lineage=_TRACKS_LINEAGE),
                group_name=TRACKING,
            ),
            # Tracks made without a look at the frames know of no votes, and leave the stored ones.
            ZONE_DEMOGRAPHICS_DAILY.name: dg.AssetOut(
                **spec_fields(plan, ZONE_DEMOGRAPHICS_DAILY, kinds=kinds, lineage=demographics),
                group_name=ANONYMOUS,
                is_required=False,
            ),
        },
        ins={"detections": dg.AssetIn(plan.key("detections"))},
        partitions_def=plan.camera_days,
    )
    def tracks_and_votes(
        context: dg.AssetExecutionContext,
        detections: pl.DataFrame,
        tracker: dg.ResourceParam[Tracker],
        traits: dg.ResourceParam[TraitHolder],
    ) -> Iterator[dg.Output[pl.DataFrame]]:
        counted = None
        try:
            taken = traits_of.taken(plan, context, traits, detections)
            with traits_of.without_words(taken):
                frame = _tracked(plan, context, detections, tracker, taken)
                if taken is not None:
                    counted = _counted(plan, context, detections, frame, taken)
        finally:
            gone = traits.destroy()
        told = _told(plan, detections, frame, gone)
        yield dg.Output(frame, output_name=TRACKS.name, metadata=told)
        if counted is not None:
            cells = {"cells": counted.height}
            yield dg.Output(counted, output_name=ZONE_DEMOGRAPHICS_DAILY.name, metadata=cells)

    return tracks_and_votes


def _tracked(
    plan: SitePlan,
    context: dg.AssetExecutionContext,
    detections: pl.DataFrame,
    tracker: Tracker,
    taken: Traits | None,
) -> pl.DataFrame:
    appearance = None if taken is None or not taken.appearance.shape[1] else taken.appearance
    return tracker.track(detections, _view(plan, context), appearance)


def _view(plan: SitePlan, context: dg.AssetExecutionContext) -> View:
    camera = camera_of(plan.day(context), context.partition_key)
    homography = _homography(camera)
    return View(*camera.frame, analysed_fps=camera.analysed_fps, homography=homography)


def _homography(camera: Camera) -> Homography | None:
    return Homography.fit(camera.calibration) if camera.calibrated else None


def _counted(
    plan: SitePlan,
    context: dg.AssetExecutionContext,
    detections: pl.DataFrame,
    tracks: pl.DataFrame,
    taken: Traits,
) -> pl.DataFrame:
    from vision.demographics import histogram, votes

    asked = plan.site.file.privacy.age_gender
    if asked is None or not taken.guesses.shape[1]:
        return ZONE_DEMOGRAPHICS_DAILY.empty()
    site_day = plan.day(context)
    camera = camera_of(site_day, context.partition_key)
    zones = site_day.zones_of(camera.id)
    found = votes(tracks, detections, taken.guesses, _view(plan, context), zones)
    return histogram(found, asked.k)


def _told(
    plan: SitePlan, detections: pl.DataFrame, frame: pl.DataFrame, gone: Destroyed
) -> dict[str, Any]:
    filled = frame["confidence"].null_count()
    told: dict[str, Any] = {
        "tracks": frame["track"].n_unique(),
        "boxes_filled_in_share": round(filled / frame.height, 3) if frame.height else 0.0,
        "boxes_left_out_share": round(1 - (frame.height - filled) / detections.height, 3)
        if detections.height
        else 0.0,
    }
    return told | traits_of.told(plan.site.file.privacy, gone)


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
            **{name: xyxy[:, column] for column, name in enumerate(_BOX)},
            "confidence": np.concatenate([boxes.confidence for boxes in frames]),
        }
    )
    return frame.with_columns(
        pl.from_epoch("frame_at", time_unit="us").dt.replace_time_zone("UTC")
    ).cast(DETECTIONS.schema)
