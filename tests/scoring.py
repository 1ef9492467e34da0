"""Scores of boxes and tracks against truth in MOT format.

Belongs here: what tests of the simulator and of trackers measure alike. Does not belong here: what
they demand.
"""

from collections.abc import Mapping
from pathlib import Path

import motmetrics
import numpy as np
import polars as pl

COLUMNS = ("frame", "id", "x", "y", "width", "height", "flag", "class", "visible")


def read_mot(path: Path) -> pl.DataFrame:
    """Rows of a ground-truth file in MOTChallenge's format; frames and ids count from 1."""
    frame = pl.read_csv(path, has_header=False, new_columns=list(COLUMNS))
    return frame.cast({"frame": pl.Int64, "id": pl.Int64})


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Overlap of (n, 4) and (m, 4) boxes x, y, width, height, as (n, m) shares of their union."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = a[:, None, 2:].prod(axis=2) + b[None, :, 2:].prod(axis=2)
    return shared / np.maximum(areas - shared, 1e-9)


def boxes_of(frame: pl.DataFrame) -> np.ndarray:
    """(n, 4) boxes x, y, width, height."""
    return frame.select("x", "y", "width", "height").to_numpy().astype(float)


def idf1(truth: pl.DataFrame, found: pl.DataFrame) -> Mapping[str, float]:
    """CLEAR-MOT and identity scores at an overlap of one half.

    Source: Ristani et al., Performance measures and a data set for multi-target tracking, 2016.

    Returns:
        idf1, idp, idr, recall, precision, mota, num_switches.
    """
    accumulator = motmetrics.MOTAccumulator()
    true_by, found_by = _by_frame(truth), _by_frame(found)
    for frame in sorted(true_by.keys() | found_by.keys()):
        true_ids, true_boxes = true_by.get(frame, ([], np.empty((0, 4))))
        found_ids, found_boxes = found_by.get(frame, ([], np.empty((0, 4))))
        apart = 1 - iou(true_boxes, found_boxes)
        apart[apart > 0.5] = np.nan
        accumulator.update(true_ids, found_ids, apart, frameid=frame)
    names = ["idf1", "idp", "idr", "recall", "precision", "mota", "num_switches"]
    table = motmetrics.metrics.create().compute(accumulator, metrics=names, name="all")
    return {name: float(table[name].iloc[0]) for name in names}


def found_share(truth: pl.DataFrame, found: pl.DataFrame, overlap: float = 0.5) -> float:
    """Share of true boxes that some found box overlaps by at least `overlap`."""
    true_by, found_by = _by_frame(truth), _by_frame(found)
    hits = 0
    for frame, (_, true_boxes) in true_by.items():
        _, found_boxes = found_by.get(frame, ([], np.empty((0, 4))))
        if len(found_boxes):
            hits += int((iou(true_boxes, found_boxes).max(axis=1) >= overlap).sum())
    return hits / max(truth.height, 1)


def _by_frame(rows: pl.DataFrame) -> dict[int, tuple[list[int], np.ndarray]]:
    return {
        int(key[0]): (part["id"].to_list(), boxes_of(part))
        for key, part in rows.group_by("frame", maintain_order=True)
    }
