"""The frames of a camera-day, from all of its files, on one timeline.

Belongs here: which stretches of which files are looked at, and noting what came of them. Does not
belong here: choosing frames (`vision.exports.grid`), decoding (`vision.exports.decode`).
"""

from collections.abc import Iterator, Sequence

import polars as pl

from vision.exports.decoded import Decoded
from vision.exports.folder import Recordings
from vision.exports.intervals import Interval, without
from vision.exports.reading import Stretch
from vision.protocols import Frame


def day_frames(decoded: Decoded, recordings: Recordings, *, fps: float) -> Iterator[Frame]:
    """Frames of the stretches of `decoded` at about `fps`, in strictly increasing time.

    One grid runs over all files: where a recording is cut changes nothing.

    Args:
        decoded: Notes each frame that comes, and each file that is given up.
        recordings: Where the files lie.
        fps: Analysed frames per second of recorded time.
    """
    return decoded.noted(recordings.frames(decoded.stretches, fps, decoded.give_up))


def stretches(
    exports: pl.DataFrame, timeline: pl.DataFrame, quiet: Sequence[Interval] = ()
) -> list[Stretch]:
    """The timeline of a camera-day, disjoint and in order, with the files that it is taken from.

    Args:
        exports: Rows of `camera_exports`.
        timeline: Rows of `timeline`.
        quiet: When nothing is looked at: no stretch reaches into it.

    Raises:
        ValueError: The two were made at different times: the timeline has a file that is not
            among the exports.
    """
    taken = exports.filter(pl.col("status") == "catalogued").select(
        "sha256", "file_name", pl.col("started_at").dt.epoch("us")
    )
    times = [pl.col(name).dt.epoch("us") for name in ("begins_at", "ends_at")]
    rows = timeline.select("sha256", *times).join(
        taken, on="sha256", how="left", maintain_order="left"
    )
    if rows["file_name"].null_count():
        raise ValueError(
            "timeline and camera_exports are of different runs; materialise the two again"
        )
    return [
        Stretch(name, began, *part)
        for name, began, begins, ends in rows.select(
            "file_name", "started_at", "begins_at", "ends_at"
        ).iter_rows()
        for part in without([(begins, ends)], quiet)
    ]
