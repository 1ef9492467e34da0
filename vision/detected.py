"""What a detector found in frames: beside each frame, and as rows of the detections contract.

Belongs here: those steps, for whoever has a detector. Does not belong here: detectors
(`vision.yolo`), tracking (`vision.tracking`).
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import polars as pl

from vision.contracts import BOX, DETECTIONS
from vision.protocols import Boxes, Detector, Frame

_AT_ONCE = 1_000
"""Frames that are held one by one before they become rows."""


def with_frames(detector: Detector, frames: Iterable[Frame]) -> Iterator[tuple[Frame, Boxes]]:
    """Each frame with the people whom `detector` finds in it.

    Holds only frames that the detector has not answered yet.

    Raises:
        RuntimeError: The detector did not answer each frame once and in order.
    """
    unanswered: deque[Frame] = deque()

    def passing() -> Iterator[Frame]:
        for frame in frames:
            unanswered.append(frame)
            yield frame

    for boxes in detector.detect(passing()):
        frame = unanswered.popleft() if unanswered else None
        if frame is None or frame.at_us != boxes.at_us:
            raise RuntimeError(
                "the detector must answer each frame once and in order, or nobody knows which "
                "traits are whose; mend its `detect`, or switch appearance, age_gender and "
                "opt_out_tag off"
            )
        yield frame, boxes


def detections(found: Iterable[Boxes]) -> pl.DataFrame:
    """Rows of the `detections` contract, in order of `found`; frames without anybody have none."""
    frames = (boxes for boxes in found if len(boxes.confidence))
    parts = [DETECTIONS.empty()]
    # A frame's arrays take ten times what is in them, and a day has a quarter of a million.
    while some := list(islice(frames, _AT_ONCE)):
        parts.append(_rows(some))
    return pl.concat(parts)


def _rows(frames: Sequence[Boxes]) -> pl.DataFrame:
    xyxy = np.concatenate([boxes.xyxy for boxes in frames])
    at = np.repeat([boxes.at_us for boxes in frames], [len(boxes.confidence) for boxes in frames])
    return (
        pl.DataFrame(
            {
                "frame_at": at,
                **{name: xyxy[:, column] for column, name in enumerate(BOX)},
                "confidence": np.concatenate([boxes.confidence for boxes in frames]),
            }
        )
        .with_columns(pl.from_epoch("frame_at", time_unit="us").dt.replace_time_zone("UTC"))
        .cast(DETECTIONS.schema)
    )
