"""The detections of a camera-day turned into tracks.

Belongs here: the tracker that the `tracks` stage uses, from the detections contract to the tracks
contract. Does not belong here: how boxes are linked (`vision.tracklets`) and tracklets joined
(`vision.joining`).
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.contracts import BOX, TRACKS
from vision.ghosts import without_ghosts
from vision.ground import Ground
from vision.joining import join
from vision.meetings import settle
from vision.protocols import View
from vision.stature import Stature
from vision.tracklets import LOST_AFTER_S, link

_SURE = 0.5
"""Boxes that score more teach how tall people look."""
_EDGE_PX = 2.0
Array = NDArray[np.float64]


class LookAheadTracker:
    """Links boxes frame by frame, then joins tracklets with the whole day in hand.

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
        carry no confidence. No track spans more than two seconds without any frame.
        """
        if detections.is_empty():
            return TRACKS.empty()
        columns = ("frame_at", *BOX, "confidence")
        order = detections.select(pl.arg_sort_by(columns, maintain_order=True)).to_series()
        ordered = detections[order]
        looks = None if appearance is None else appearance[order.to_numpy()]
        at_us = ordered["frame_at"].to_physical().to_numpy()
        # Seconds from the first frame keep microseconds exact in a float.
        at_s = (at_us - at_us[0]) / 1e6
        xyxy = ordered.select(BOX).to_numpy().astype(np.float64)
        confidence = ordered["confidence"].to_numpy().astype(np.float64)
        believed = without_ghosts(at_s, xyxy, confidence)
        if not believed.any():
            return TRACKS.empty()
        at_us, at_s = at_us[believed], at_s[believed]
        xyxy, confidence = xyxy[believed], confidence[believed]
        looks = None if looks is None else looks[believed]
        # A slow rate must still leave room for a missed frame or two.
        lost_after_s = max(LOST_AFTER_S, 2.5 / view.analysed_fps)
        stature, tallness = _tallness(xyxy, confidence, view)
        ground = Ground(view.homography, stature)
        tracklets = link(at_s, xyxy, confidence, tallness, ground, lost_after_s)
        tracks = join(at_s, xyxy, confidence, tracklets, view, ground, tallness, looks)
        tracks = settle(at_s, xyxy, tracks)
        frames_us = np.unique(at_us)
        parts = [
            _filled(number, at_us[rows], xyxy[rows], confidence[rows], frames_us)
            for number, rows in enumerate(tracks)
        ]
        return pl.concat([TRACKS.empty(), *parts])


def _tallness(xyxy: Array, confidence: Array, view: View) -> tuple[Stature | None, Array]:
    """How tall people look, and each box beside that; NaN where nothing is known."""
    feet = np.column_stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]])
    height = xyxy[:, 3] - xyxy[:, 1]
    whole = (xyxy[:, 1] > _EDGE_PX) & (xyxy[:, 3] < view.height - _EDGE_PX)
    sure = whole & (confidence >= _SURE)
    stature = Stature.learn(feet[sure], height[sure])
    if stature is None:
        return None, np.full(len(xyxy), np.nan)
    return stature, np.where(whole, height / stature.at(feet), np.nan)


def _filled(
    number: int,
    at_us: NDArray[np.int64],
    xyxy: Array,
    confidence: Array,
    frames_us: NDArray[np.int64],
) -> pl.DataFrame:
    first, end = np.searchsorted(frames_us, [at_us[0], at_us[-1] + 1])
    times = frames_us[first:end]
    boxes = np.column_stack([np.interp(times, at_us, edge) for edge in xyxy.T])
    scores = np.full(len(times), np.nan)
    scores[np.searchsorted(times, at_us)] = confidence
    columns = {"track": np.full(len(times), number), "frame_at": times}
    columns |= {name: boxes[:, index] for index, name in enumerate(BOX)}
    frame = pl.DataFrame(columns | {"confidence": scores})
    return frame.with_columns(
        pl.col("frame_at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        pl.col("confidence").fill_nan(None),
    ).cast(TRACKS.schema)
