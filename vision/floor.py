"""Where people stood: smoothed paths of their feet, in pixels and on the floor.

Belongs here: from a track's boxes to one full-rate path. Does not belong here: what a path crosses
or visits, and how it is coarsened (`vision.crossings`, `vision.visits`, `vision.anonymise`).

Paths are exact and personal: they are made and used within one stage and stored nowhere.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from vision.boxes import covered_share
from vision.calibration import Homography
from vision.contract_terms import INSTANT
from vision.contracts import BOX
from vision.protocols import View
from vision.stature import Stature, telling

Array = NDArray[np.float64]

PATHS = pl.Schema(
    {
        "track": pl.Int32(),
        "at": INSTANT,
        "x_px": pl.Float64(),
        "y_px": pl.Float64(),
        "x_m": pl.Float64(),
        "y_m": pl.Float64(),
        "height_px": pl.Float64(),
    }
)
"""One foot position of one person in one analysed frame; metres are NULL where unknown."""

_AT_ONCE = 200
"""Tracks whose paths are made together."""
_EDGE_PX = 2.0
_MEASURED = 0.05
"""Standard deviation of a measured foot, body heights."""
_GUESSED_WEIGHT = 0.15
"""What a foot counts that is inferred from the head, beside one that is seen."""
_FILLED_WEIGHT = 1e-3
_ACCELERATION = 0.5
"""How people change their velocity, body heights a second, per root second."""
_ROBUST_ROUNDS = 4
_MISFIT = 0.25
"""A box that ends so much of the person's height away from where their feet should be has hidden or
somebody else's feet. How somebody is built is known to some percent only, each of which moves the
feet by two: less than this would move people who are in full view."""
_MISFIT_COVERED = 0.12
"""The same for a box that somebody nearer covers in part: who steps out from behind somebody shows
no legs at first, and would be put where nobody stood."""
_COVERED = 0.15
"""Share of a box from which it counts as covered."""
_MISFIT_ALONE = 0.12
"""The same where only the person's own other boxes tell how tall they look."""
_TALL = 0.3
"""The same for boxes that end lower than an average person's would. Tall people are common, and
feet that are put too far away are put far beside a gate that runs along the line of sight."""
_USUAL_OVER_S = 2.0


def paths(tracks: pl.DataFrame, homography: Homography | None, view: View) -> pl.DataFrame:
    """Smoothed foot positions of rows of the `tracks` contract, as `PATHS`, in the same order.

    Rows of a track are together, as the contract has them.

    A foot is the bottom centre of a box. Where a box is cut by the frame, or its height does not
    fit its place, the foot is inferred from the head (`vision.stature`). The path minimises squared
    distance to the feet, robustly, plus squared changes of velocity (a Whittaker smoother on the
    true times).
    """
    return pl.concat([PATHS.to_frame(), *batches_of_paths(tracks, homography, view)])


def batches_of_paths(
    tracks: pl.DataFrame, homography: Homography | None, view: View
) -> Iterator[pl.DataFrame]:
    """The same for some tracks at a time, since a day's paths take more memory than its tracks."""
    stature = _learned(tracks, view)
    covered = tracks.with_columns(covered=_covered(tracks))
    begins = np.flatnonzero(np.diff(tracks["track"].to_numpy(), prepend=-1))
    for first, end in pairwise([*begins[::_AT_ONCE].tolist(), tracks.height]):
        batch = covered[first:end].partition_by("track")
        yield pl.concat([_path(track, homography, view, stature) for track in batch])


def _learned(tracks: pl.DataFrame, view: View) -> Stature | None:
    seen = tracks.filter(telling(_at_us(tracks))).drop_nulls("confidence")
    xyxy = _xyxy(seen)
    whole = xyxy[~np.any(_cut(xyxy, view), axis=0)]
    return Stature.learn(_bottom_centre(whole), whole[:, 3] - whole[:, 1])


def _covered(tracks: pl.DataFrame) -> NDArray[np.float32]:
    """Share of each box that the nearer person who covers most of it covers, 0..1."""
    at_us = _at_us(tracks)
    order = np.argsort(at_us, kind="stable")
    bounds = np.flatnonzero(np.diff(at_us[order], prepend=-1))
    edges = tracks.select(BOX).to_numpy()
    shares = np.zeros(len(order), np.float32)
    # Frame by frame, so that a crowded day needs no more memory than its fullest frame.
    for first, end in pairwise([*bounds.tolist(), len(order)]):
        if end - first > 1:
            rows = order[first:end]
            boxes = edges[rows].astype(np.float64)
            # Of two people the one whose feet are further down in the image stands nearer.
            nearer = boxes[None, :, 3] > boxes[:, None, 3]
            shares[rows] = (covered_share(boxes) * nearer).max(axis=1)
    return shares


def _path(
    track: pl.DataFrame, homography: Homography | None, view: View, stature: Stature | None
) -> pl.DataFrame:
    at_s = (track["frame_at"] - track["frame_at"][0]).dt.total_microseconds().to_numpy() / 1e6
    seen = track["confidence"].is_not_null().to_numpy()
    covered = track["covered"].to_numpy() > _COVERED
    feet, height, certain = _feet(at_s, _xyxy(track), seen, covered, view, stature)
    weight = np.where(seen, np.where(certain, 1.0, _GUESSED_WEIGHT), _FILLED_WEIGHT)
    smooth = _smooth(at_s, feet, weight, height)
    unknown = np.full_like(smooth, np.nan)
    metres = unknown if homography is None else homography.to_floor(smooth)
    return (
        pl.DataFrame(
            {
                "track": track["track"],
                "at": track["frame_at"],
                "x_px": smooth[:, 0],
                "y_px": smooth[:, 1],
                "x_m": metres[:, 0],
                "y_m": metres[:, 1],
                "height_px": height,
            }
        )
        .with_columns(pl.col("x_m", "y_m").fill_nan(None))
        .cast(PATHS)
    )


def _xyxy(tracks: pl.DataFrame) -> Array:
    return tracks.select(BOX).to_numpy().astype(np.float64)


def _at_us(tracks: pl.DataFrame) -> NDArray[np.int64]:
    return tracks["frame_at"].to_physical().to_numpy()


def _bottom_centre(xyxy: Array) -> Array:
    return np.column_stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]])


def _cut(xyxy: Array, view: View) -> NDArray[np.bool_]:
    """Which boxes the frame cuts on the left, on the right and below, (3, n)."""
    return np.array(
        [
            xyxy[:, 0] <= _EDGE_PX,
            xyxy[:, 2] >= view.width - _EDGE_PX,
            xyxy[:, 3] >= view.height - _EDGE_PX,
        ]
    )


def _feet(
    at_s: Array,
    xyxy: Array,
    seen: NDArray[np.bool_],
    covered: NDArray[np.bool_],
    view: View,
    stature: Stature | None,
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Feet, the person's height (px), and which feet were seen rather than inferred."""
    left, top, right, bottom = xyxy.T
    cut_left, cut_right, cut_below = _cut(xyxy, view)
    width = _usual(at_s, right - left, seen & ~cut_left & ~cut_right)
    x = (left + right) / 2
    x = np.where(cut_left & ~cut_right, np.minimum(x, right - width / 2), x)
    x = np.where(cut_right & ~cut_left, np.maximum(x, left + width / 2), x)
    # Who is cut at the side mostly stands behind the frame's edge with their feet as well.
    inside = seen & ~cut_below & ~cut_left & ~cut_right
    whole = inside if inside.any() else seen & ~cut_below
    if stature is None or not whole.any():
        height = _usual(at_s, bottom - top, whole)
        inferred = top + height
        shortest, longest = np.full(len(at_s), _MISFIT_ALONE), _MISFIT_ALONE
    else:
        build = stature.build(np.column_stack([x, bottom])[whole], (bottom - top)[whole])
        inferred = stature.foot_below(x, top, build)
        height = np.maximum(inferred - top, 1.0)
        shortest, longest = np.where(covered, _MISFIT_COVERED, _MISFIT), _TALL
    longer = (bottom - inferred) / height
    certain = ~cut_below & (longer >= -shortest) & (longer <= longest)
    inferred = np.where(cut_below, np.maximum(inferred, bottom), inferred)
    return np.column_stack([x, np.where(certain, bottom, inferred)]), height, certain


def _usual(at_s: Array, size: Array, trusted: NDArray[np.bool_]) -> Array:
    """Running median of `size` over the trusted boxes near each time."""
    if not trusted.any():
        trusted = np.ones_like(trusted)
    times, sizes = at_s[trusted], size[trusted]
    first = np.searchsorted(times, times - _USUAL_OVER_S / 2)
    end = np.searchsorted(times, times + _USUAL_OVER_S / 2, side="right")
    usual = [np.median(sizes[a:b]) for a, b in zip(first, end, strict=True)]
    return np.interp(at_s, times, usual)


def _smooth(at_s: Array, feet: Array, weight: Array, height: Array) -> Array:
    """Penalised least squares on an irregular grid, reweighted so that a few bad feet count little.

    Source: Eilers, A perfect smoother, Anal. Chem. 75 (2003), with Cauchy weights.
    """
    if len(at_s) < 3:
        return feet
    noise = _MEASURED * height
    penalty = _penalty(at_s, _ACCELERATION * height)
    trust = np.ones(len(at_s))
    smooth = feet
    for _ in range(_ROBUST_ROUNDS):
        precision = weight * trust / noise**2
        banded = penalty.copy()
        banded[2] += precision
        smooth = solveh_banded(banded, precision[:, None] * feet)
        miss = np.linalg.norm(feet - smooth, axis=1) / noise
        trust = 1 / (1 + (miss / 2.5) ** 2)
    return smooth


def _penalty(at_s: Array, acceleration: Array) -> Array:
    """D'D of weighted changes of velocity, upper banded form (3, n) of scipy."""
    step = np.diff(at_s)
    before, after = 1 / step[:-1], 1 / step[1:]
    scale = 1 / (acceleration[1:-1] * np.sqrt((step[:-1] + step[1:]) / 2))
    rows = np.vstack([before, -(before + after), after]) * scale
    banded = np.zeros((3, len(at_s)))
    for i in range(3):
        for j in range(i, 3):
            banded[2 - (j - i), j : len(at_s) - 2 + j] += rows[i] * rows[j]
    return banded
