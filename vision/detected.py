"""What a detector found in frames, as rows of the detections contract.

Belongs here: that one step, for whoever has a detector and wants to track. Does not belong here:
detectors (`vision.yolo`), tracking (`vision.tracking`).
"""

from collections.abc import Iterable

import numpy as np
import polars as pl

from vision.contracts import BOX, DETECTIONS
from vision.protocols import Boxes


def detections(found: Iterable[Boxes]) -> pl.DataFrame:
    """Rows of the `detections` contract, in order of `found`; frames without anybody have none."""
    frames = [boxes for boxes in found if len(boxes.confidence)]
    if not frames:
        return DETECTIONS.empty()
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
