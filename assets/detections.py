"""The first stage left of the wall: people's boxes in the frames of a camera-day.

Belongs here: `detections`, and `coverage`, since only who decodes a file knows what of it was
observed. Does not belong here: detectors; the root of the project supplies what `vision.protocols`
describes.
"""

import time
from collections.abc import Iterable, Iterator

import dagster as dg
import polars as pl

from assets import scene
from assets import traits as traits_of
from assets.camera_day import RETRY, Lineage, spec_fields, view_of
from assets.coverage_picture import coverage_picture
from assets.metadata import five_minute_plot
from assets.opt_out import OptOut
from assets.plan import INGEST, TRACKING, SitePlan, camera_of
from vision.contracts import DETECTIONS
from vision.contracts_ingest import COVERAGE
from vision.detected import detections
from vision.exports.coverage import coverage as by_minute
from vision.exports.decoded import Decoded
from vision.exports.folder import Recordings
from vision.exports.frames import day_frames, stretches
from vision.exports.instants import window_us
from vision.protocols import Detector, Frame, NewWatch, Tracker
from vision.site.quiet_hours import quiet_spans
from vision.traits import Look, TraitHolder
from vision.unseen import unseen

_SECONDS_BETWEEN_REPORTS = 5.0
_TAKEN = [("timeline", "begins_at"), ("timeline", "ends_at")]
_BOXES_LINEAGE: Lineage = {"frame_at": [("camera_exports", "started_at"), *_TAKEN]}
_COVERAGE_LINEAGE: Lineage = {
    "recorded_s": [("camera_exports", "started_at"), ("camera_exports", "ended_at")],
    "readable_s": _TAKEN,
    "reason": [("camera_exports", "status")],
}


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The assets of people's boxes, and of what was looked at for them."""
    kinds = {"polars", "parquet"}

    @dg.multi_asset(
        name=f"{plan.site.id}_detect",
        outs={
            DETECTIONS.name: dg.AssetOut(
                **spec_fields(
                    plan, DETECTIONS, kinds={"ultralytics", "parquet"}, lineage=_BOXES_LINEAGE
                ),
                group_name=TRACKING,
            ),
            COVERAGE.name: dg.AssetOut(
                **spec_fields(plan, COVERAGE, kinds=kinds, lineage=_COVERAGE_LINEAGE),
                group_name=INGEST,
            ),
        },
        ins={name: dg.AssetIn(plan.key(name)) for name in ("camera_exports", "timeline")},
        partitions_def=plan.camera_days,
        retry_policy=RETRY,
    )
    def detect(
        context: dg.AssetExecutionContext,
        camera_exports: pl.DataFrame,
        timeline: pl.DataFrame,
        recordings: dg.ResourceParam[Recordings],
        detector: dg.ResourceParam[Detector],
        new_watch: dg.ResourceParam[NewWatch],
        guesser: dg.ResourceParam[Look],
        traits: dg.ResourceParam[TraitHolder],
        tracker: dg.ResourceParam[Tracker],
    ) -> Iterator[dg.Output[pl.DataFrame]]:
        from vision import masking

        site_day = plan.day(context)
        camera = camera_of(site_day, context.partition_key)
        quiet = [window_us(span) for span in quiet_spans(site_day)]
        decoded = Decoded(stretches(camera_exports, timeline, quiet))
        progress = _Progress(context, decoded.seconds * camera.analysed_fps)
        began = time.monotonic()
        frames = day_frames(decoded, recordings, fps=camera.analysed_fps)
        # Painted over first, so that nothing looks at what must not be looked at.
        hidden = unseen(site_day, camera)
        watch = new_watch(hidden)
        watched = watch.watch(masking.blanked(progress.count(frames), hidden))
        privacy = plan.site.file.privacy
        opt_out = OptOut(privacy, detector)
        looks_at_traits = traits_of.wanted(privacy)
        if looks_at_traits:
            traits.begin(context.partition_key)
            found = detections(traits_of.boxes(privacy, opt_out.detector, watched, guesser, traits))
        else:
            found = detections(opt_out.detector.detect(watched))
        marked = watch.marked()
        kept = scene.outside(found["frame_at"], marked)
        spoiled = found.height - int(kept.sum())
        kept = kept.scatter(
            kept.arg_true(), opt_out.kept(found.filter(kept), tracker, view_of(camera))
        )
        frame = found.filter(kept)
        if looks_at_traits:
            traits.seal(frame, kept.to_numpy())
        spent = time.monotonic() - began
        yield dg.Output(
            frame,
            output_name=DETECTIONS.name,
            metadata=_told_of_boxes(frame, decoded, detector, spent)
            | {"boxes_left_out": dg.MetadataValue.int(spoiled)},
        )
        # Last, so that a run that is killed between the two leaves no coverage beside old events.
        _warn(context, camera_exports, decoded)
        minutes = by_minute(camera_exports, decoded, site_day, marked)
        picture = coverage_picture(minutes, camera_exports, site_day)
        yield dg.Output(
            minutes,
            output_name=COVERAGE.name,
            metadata=_told_of_minutes(minutes, decoded)
            | scene.told(decoded, marked)
            | {"day": picture},
        )

    return [detect]


def _told_of_boxes(
    frame: pl.DataFrame, decoded: Decoded, detector: Detector, spent_s: float
) -> dict[str, dg.MetadataValue]:
    told: dict[str, dg.MetadataValue] = {
        "frames_analysed": dg.MetadataValue.int(decoded.frames),
        "seconds_spent": dg.MetadataValue.float(round(spent_s, 1)),
    }
    if decoded.frames:
        told["detector"] = dg.MetadataValue.text(detector.description)
    if decoded.stretches:
        by_hour = spent_s / (decoded.seconds / 3600)
        told["seconds_per_video_hour"] = dg.MetadataValue.float(round(by_hour, 1))
    plot = five_minute_plot(frame["frame_at"], "Boxes per five minutes", "boxes")
    return told if plot is None else told | {"over_the_day": plot}


def _told_of_minutes(minutes: pl.DataFrame, decoded: Decoded) -> dict[str, dg.MetadataValue]:
    return {
        "minutes_observed": dg.MetadataValue.float(_minutes(minutes["readable_s"])),
        "minutes_recorded": dg.MetadataValue.float(_minutes(minutes["recorded_s"])),
        "files_given_up": dg.MetadataValue.int(len(decoded.given_up)),
    }


def _minutes(seconds: pl.Series) -> float:
    return round(float(seconds.sum()) / 60, 2)


def _warn(
    context: dg.AssetExecutionContext, camera_exports: pl.DataFrame, decoded: Decoded
) -> None:
    numbers = dict(camera_exports.select("file_name", "export").iter_rows())
    for name, why in decoded.given_up.items():
        context.log.warning(
            f"export {numbers[name]} is given up where it fails to decode: {why}; coverage says "
            "which minutes are missing"
        )


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
