"""Boxes of people with their ids, frame by frame: in memory, and as MOTChallenge writes them.

Belongs here: the columns of truth and of tracks that are to be scored, reading both from files,
which boxes of a truth count, and the product's tracks at the frames of a truth. Does not belong
here: scoring (`vision.evaluate.scores`).

Frames count from 1. Files hold left, top, width and height; in memory a box has the edges of the
contracts (`vision.contracts.BOX`), in pixels of the full-resolution frame.

Sources: Leal-Taixé et al., MOTChallenge 2015: towards a benchmark for multi-target tracking, 2015;
Milan et al., MOT16: a benchmark for multi-object tracking, 2016.
"""

from enum import StrEnum
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.contracts import BOX


class Counts(StrEnum):
    """How a box of the truth counts."""

    PERSON = "person"
    """To be found: missed where no track has a box there."""
    HIDDEN = "hidden"
    """A person whom next to nothing is seen of: neither missed nor false."""
    DISTRACTOR = "distractor"
    """Looks like a person: a box of a track there is not false."""
    OTHER = "other"
    """Not to be found: a box of a track there is false."""


_LABELLED = {"frame": pl.Int64(), "id": pl.Int64(), **dict.fromkeys(BOX, pl.Float64())}

FOUND = pl.Schema(_LABELLED)
"""Tracks to be scored: one row a box, ids of any size."""

TRUTH = pl.Schema(_LABELLED | {"counts": pl.Enum(Counts)})
"""What they are scored against: one row a box."""

_COLUMNS = ("frame", "id", "left", "top", "width", "height", "flag", "class", "visible")
_FEWEST_COLUMNS = 6
_CLASSED_COLUMNS = 9
"""MOT16 and later say class and visible share; MOT15 has a place on the floor there, 10 columns."""
_PEDESTRIAN = 1
_DISTRACTORS = (2, 7, 8, 12)
"""Person on a vehicle, static person, distractor, reflection."""


class MotError(ValueError):
    """A file does not hold what MOTChallenge's format asks for."""


def read_truth(path: Path, visible: float = 0.0) -> pl.DataFrame:
    """Rows of a ground truth as `TRUTH`.

    A flag of 0 (seventh column) leaves a row out of account. With nine columns, as from MOT16 on,
    only pedestrians are to be found, and boxes of what looks like people are neither right nor
    wrong; other files hold people only.

    Args:
        path: The file.
        visible: Smallest visible share (ninth column) of a person who is to be found, 0..1.

    Raises:
        MotError: The file is empty or holds something else.
        OSError: The file cannot be read.
    """
    rows = read_rows(path)
    flag = pl.col("flag") if "flag" in rows.columns else pl.lit(1)
    if "visible" in rows.columns:
        pedestrian = pl.col("class") == _PEDESTRIAN
        distractor = pl.col("class").is_in(_DISTRACTORS)
        hidden = pl.col("visible") < visible
    else:
        pedestrian, distractor, hidden = pl.lit(True), pl.lit(False), pl.lit(False)
    counts = (
        pl.when(distractor)
        .then(pl.lit(Counts.DISTRACTOR))
        .when(~pedestrian | (flag == 0))
        .then(pl.lit(Counts.OTHER))
        .when(hidden)
        .then(pl.lit(Counts.HIDDEN))
        .otherwise(pl.lit(Counts.PERSON))
    )
    truth = rows.with_columns(counts=counts).select(TRUTH.names()).cast(TRUTH)
    if truth.filter(pl.col("counts") == Counts.PERSON).is_empty():
        raise MotError(f"{path.name}: no row says that a person is to be found")
    return truth


def read_found(path: Path) -> pl.DataFrame:
    """Rows of tracks that some program wrote, as `FOUND`; there may be none.

    Raises:
        MotError: The file holds something else.
        OSError: The file cannot be read.
    """
    if not path.read_bytes().strip():
        return FOUND.to_frame()
    return read_rows(path).select(FOUND.names()).cast(FOUND)


def found_at(tracks: pl.DataFrame, frames_us: NDArray[np.int64]) -> pl.DataFrame:
    """Boxes of tracks in frames that are more than those that were analysed, as `FOUND`.

    From its first box to its last, a track has a box in every frame: where none was analysed, on
    the straight line between those before and after.

    Args:
        tracks: Rows of the `tracks` contract.
        frames_us: (n,) when frames 1 to n were taken, microseconds since the epoch, UTC, ascending.
    """
    parts = [FOUND.to_frame()]
    for (number,), track in tracks.sort("frame_at").partition_by("track", as_dict=True).items():
        at_us = track["frame_at"].to_physical().to_numpy()
        first, end = np.searchsorted(frames_us, [at_us[0], at_us[-1] + 1])
        edges = {name: np.interp(frames_us[first:end], at_us, track[name]) for name in BOX}
        part = {"frame": np.arange(first, end) + 1, "id": np.full(end - first, number), **edges}
        parts.append(pl.DataFrame(part).cast(FOUND))
    return pl.concat(parts)


def read_rows(path: Path) -> pl.DataFrame:
    """Rows as they are in a file, with the columns that it has, and with the edges of boxes.

    Raises:
        MotError: The file is empty or holds something else.
        OSError: The file cannot be read.
    """
    lines = path.read_bytes()
    if not lines.strip():
        raise MotError(f"{path.name}: the file is empty")
    try:
        table = pl.read_csv(lines, has_header=False, infer_schema=False)
        numbers = table.select(pl.all().str.strip_chars().cast(pl.Float64()))
    except pl.exceptions.PolarsError as error:
        raise MotError(
            f"{path.name}: not rows of numbers with commas between them; MOTChallenge's format is "
            f"{','.join(_COLUMNS)}"
        ) from error
    width = numbers.width
    if width < _FEWEST_COLUMNS:
        raise MotError(
            f"{path.name}: {width} columns; at least {_FEWEST_COLUMNS} are needed: "
            f"{','.join(_COLUMNS[:_FEWEST_COLUMNS])}"
        )
    known = len(_COLUMNS) if width == _CLASSED_COLUMNS else min(width, _COLUMNS.index("class"))
    named = numbers.select(pl.nth(index).alias(name) for index, name in enumerate(_COLUMNS[:known]))
    _check(named, path.name)
    return named.with_columns(
        x_min=pl.col("left"),
        y_min=pl.col("top"),
        x_max=pl.col("left") + pl.col("width"),
        y_max=pl.col("top") + pl.col("height"),
    )


def _check(rows: pl.DataFrame, name: str) -> None:
    """Refuse values that no file in the format can hold, and say in which line the first is."""
    needed = pl.all_horizontal(pl.all().is_finite().fill_null(False))
    whole = pl.all_horizontal(pl.col("frame", "id") == pl.col("frame", "id").round())
    rules = {
        "a value is missing or no number": needed,
        "frame and id must be whole numbers": whole,
        "frames count from 1": pl.col("frame") >= 1,
        "width and height must be above 0": (pl.col("width") > 0) & (pl.col("height") > 0),
    }
    for rule, holds in rules.items():
        wrong = rows.select((~holds).arg_true()).to_series()
        if len(wrong):
            raise MotError(f"{name}, line {wrong[0] + 1}: {rule}")
