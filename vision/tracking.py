"""The detections of a camera-day turned into tracks.

Belongs here: the tracker that the `tracks` stage uses, from the detections contract to the tracks
contract. Does not belong here: how a day is cut into windows (`vision.windows`), how boxes are
linked (`vision.tracklets`) and tracklets joined (`vision.joining`).

What is learnt of a day is learnt from all of it: what stands there and is nobody, and how tall
people look. People are followed in windows of some ten thousand boxes, so that little more than the
boxes themselves grows with the day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.contracts import BOX, TRACKS
from vision.ghosts import Census
from vision.ground import Ground
from vision.joining import join
from vision.meetings import settle
from vision.protocols import View
from vision.stature import Stature, telling
from vision.tracklets import LOST_AFTER_S, link
from vision.windows import Rows, Window, put_together, windows

_SURE = 0.5
"""Boxes that score more teach how tall people look."""
_EDGE_PX = 2.0
_AT_ONCE = 50_000
"""Boxes that are looked at together where each is judged for itself."""
_ORDER = ("frame_at", *BOX, "confidence")
Array = NDArray[np.float64]


class LookAheadTracker:
    """Links boxes frame by frame, then joins tracklets with what comes later in hand.

    Looks at boxes, and across gaps at appearance where it is given. The same detections always give
    the same tracks, whatever their order.
    """

    def track(
        self,
        detections: pl.DataFrame,
        view: View,
        appearance: NDArray[np.float32] | None = None,
    ) -> pl.DataFrame:
        """Turn rows of the `detections` contract into rows of the `tracks` contract.

        Tracks are numbered from 0 by first appearance. Between its first and last box a track has a
        box in every frame that shows anybody; boxes that no detection supports are interpolated and
        carry no confidence. No track spans more than two seconds without any frame, or than two and
        a half steps where fewer than 1.25 frames a second are analysed.
        """
        day = _Day.of(detections, appearance)
        day = day.only(_believed(day))
        if not len(day.at_us):
            return TRACKS.empty()
        stature = _stature(day, view)
        joined = np.full(len(day.at_us), np.nan, np.float32)
        cut = windows(day.at_us)
        tracks = put_together(
            (window, _followed(day, window, view, stature, joined)) for window in cut
        )
        return _filled(day, tracks, joined)


# Without a repr: tracebacks and test reports would quote how people look.
@dataclass(frozen=True, slots=True, repr=False)
class _Day:
    """Boxes of a camera-day in order of time, those of a frame in any.

    Attributes:
        boxes: Rows of the `detections` contract.
        at_us: (n,) when each was seen, microseconds since the epoch.
        appearance: (n, d) what people look like, where that is known.
    """

    boxes: pl.DataFrame
    at_us: NDArray[np.int64]
    appearance: NDArray[np.float32] | None

    @classmethod
    def of(cls, detections: pl.DataFrame, appearance: NDArray[np.float32] | None) -> "_Day":
        if not detections["frame_at"].is_sorted():
            order = detections["frame_at"].arg_sort()
            detections = detections[order]
            appearance = None if appearance is None else appearance[order.to_numpy()]
        return cls(detections, detections["frame_at"].to_physical().to_numpy(), appearance)

    def only(self, which: NDArray[np.bool_]) -> "_Day":
        if which.all():
            return self
        looks = None if self.appearance is None else self.appearance[which]
        return _Day(self.boxes.filter(which), self.at_us[which], looks)

    def parts(self) -> Iterator[tuple[Array, Array]]:
        """Boxes in pixels, (n, 4), and their scores, (n,), some at a time."""
        for part in self.boxes.iter_slices(_AT_ONCE):
            yield _xyxy(part), _confidence(part)


def _xyxy(boxes: pl.DataFrame) -> Array:
    return boxes.select(BOX).to_numpy().astype(np.float64)


def _confidence(boxes: pl.DataFrame) -> Array:
    return boxes["confidence"].to_numpy().astype(np.float64)


def _believed(day: _Day) -> NDArray[np.bool_]:
    """Which boxes show somebody, and no thing."""
    frames_us = np.unique(day.at_us)
    if len(frames_us) < 3:
        return np.ones(len(day.at_us), dtype=bool)
    step_s = float(np.median(np.diff(frames_us))) / 1e6
    census = Census.of(day.parts())
    things = census.things(step_s)
    return np.concatenate([census.believed(*part, step_s, things) for part in day.parts()])


def _stature(day: _Day, view: View) -> Stature | None:
    """How tall people look, by what the day shows of it."""
    boxes = day.boxes.filter(telling(day.at_us)).sort(_ORDER)
    xyxy = _xyxy(boxes)
    sure = _whole(xyxy, view) & (_confidence(boxes) >= _SURE)
    return Stature.learn(_feet(xyxy[sure]), xyxy[sure, 3] - xyxy[sure, 1])


def _tallness(xyxy: Array, view: View, stature: Stature | None) -> Array:
    """Height of each box beside that of a person who stands there; NaN where nothing is known."""
    if stature is None:
        return np.full(len(xyxy), np.nan)
    height = xyxy[:, 3] - xyxy[:, 1]
    return np.where(_whole(xyxy, view), height / stature.at(_feet(xyxy)), np.nan)


def _feet(xyxy: Array) -> Array:
    return np.column_stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]])


def _whole(xyxy: Array, view: View) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = (xyxy[:, 1] > _EDGE_PX) & (xyxy[:, 3] < view.height - _EDGE_PX)
    return result


def _followed(
    day: _Day,
    window: Window,
    view: View,
    stature: Stature | None,
    joined: NDArray[np.float32],
) -> list[Rows]:
    """Tracks of a window and what it looks at beside: numbers of their boxes in the day.

    How sure joins are that the window decides is noted in `joined`, by the first box after each.
    """
    boxes = day.boxes[window.first : window.last]
    order = boxes.select(pl.arg_sort_by(_ORDER)).to_series().to_numpy().astype(np.int64)
    boxes, rows = boxes[order], window.first + order
    at_us = day.at_us[rows]
    # Seconds from the first frame keep microseconds exact in a float.
    at_s = (at_us - at_us[0]) / 1e6
    xyxy, confidence = _xyxy(boxes), _confidence(boxes)
    looks = None if day.appearance is None else day.appearance[rows]
    tallness = _tallness(xyxy, view, stature)
    ground = Ground(view.homography, stature)
    # A slow rate must still leave room for a missed frame or two.
    lost_after_s = max(LOST_AFTER_S, 2.5 / view.analysed_fps)
    tracklets = link(at_s, xyxy, confidence, tallness, ground, lost_after_s)
    tracks, sure = join(at_s, xyxy, confidence, tracklets, view, ground, tallness, looks)
    for first, share in sure.items():
        if window.begin <= rows[first] < window.end:
            joined[rows[first]] = share
    return [rows[track] for track in settle(at_s, xyxy, tracks)]


def _filled(day: _Day, tracks: Sequence[Rows], joined: NDArray[np.float32]) -> pl.DataFrame:
    """Rows of the `tracks` contract, with a box in every frame between a track's first and last."""
    frames_us = np.unique(day.at_us)
    tracks = sorted(tracks, key=lambda rows: day.boxes.row(int(rows[0])))
    spans = [np.searchsorted(frames_us, day.at_us[rows[[0, -1]]]) for rows in tracks]
    lengths = [int(last - first) + 1 for first, last in spans]
    # Filled in place: a frame of its own for each of a day's tracks would take more than its boxes.
    edges = np.empty((len(BOX), sum(lengths)), np.float32)
    scores, joins = np.full((2, sum(lengths)), np.nan, np.float32)
    at_us = np.empty(sum(lengths), np.int64)
    end = 0
    for rows, (first, last), length in zip(tracks, spans, lengths, strict=True):
        begin, end = end, end + length
        seen_us, times = day.at_us[rows], frames_us[first : last + 1]
        boxes = day.boxes[rows]
        at_us[begin:end] = times
        for edge, name in zip(edges, BOX, strict=True):
            edge[begin:end] = np.interp(times, seen_us, boxes[name].to_numpy())
        there = begin + np.searchsorted(times, seen_us)
        scores[there] = boxes["confidence"].to_numpy()
        # Who was joined to nobody that is left begins a track.
        joins[there[1:]] = joined[rows[1:]]
    columns = {"track": np.repeat(np.arange(len(tracks)), lengths), "frame_at": at_us}
    seen = dict(zip(BOX, edges, strict=True)) | {"confidence": scores, "joined": joins}
    frame = pl.DataFrame(columns | seen)
    return frame.with_columns(
        pl.col("frame_at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        pl.col("confidence", "joined").fill_nan(None),
    ).cast(TRACKS.schema)
