"""Detections and paths made by hand, for tests of what comes after the detector."""

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from vision.contracts import DETECTIONS
from vision.floor import PATHS
from vision.protocols import View

VIEW = View(640, 480, 5)
START = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
START_US = int(START.timestamp() * 1e6)
Walk = Callable[[np.ndarray], np.ndarray]


def line(start: tuple[float, float], end: tuple[float, float], seconds: float) -> Walk:
    """A walk at a constant speed: (n,) seconds to (n, 2) positions."""

    def at(seconds_passed: np.ndarray) -> np.ndarray:
        share = np.clip(seconds_passed / seconds, 0, 1)[:, None]
        return np.array(start) * (1 - share) + np.array(end) * share

    return at


def seen(
    walk: Walk, times: np.ndarray, confidence: float = 0.8, size: tuple[float, float] = (30, 80)
) -> pl.DataFrame:
    """Rows of the detections contract of one person whose feet follow `walk`."""
    feet = walk(times)
    half, height = size[0] / 2, size[1]
    boxes = pl.DataFrame(
        {
            "frame_at": _instants(times),
            "x_min": feet[:, 0] - half,
            "y_min": feet[:, 1] - height,
            "x_max": feet[:, 0] + half,
            "y_max": feet[:, 1],
            "confidence": np.full(len(times), confidence),
        }
    )
    return boxes.cast(DETECTIONS.schema)


def together(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Detections of several people in one camera-day."""
    return pl.concat(parts).sort("frame_at", maintain_order=True)


def path_of(at_s: np.ndarray, metres: np.ndarray, track: int = 0) -> pl.DataFrame:
    """A path on the floor, as `vision.floor` makes it."""
    path = pl.DataFrame(
        {
            "track": np.full(len(at_s), track),
            "at": _instants(at_s),
            "x_px": metres[:, 0] * 50,
            "y_px": metres[:, 1] * 50,
            "x_m": metres[:, 0],
            "y_m": metres[:, 1],
            "height_px": np.full(len(at_s), 85.0),
        }
    )
    return path.cast(PATHS)


def _instants(at_s: np.ndarray) -> pl.Series:
    micros = START_US + np.round(np.asarray(at_s) * 1e6).astype(np.int64)
    return pl.Series(micros).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
