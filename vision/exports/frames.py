"""The frames of a camera-day, from all of its files, on one timeline.

Belongs here: which stretches of which files are looked at, and noting what came of them. Does not
belong here: choosing frames (`vision.exports.grid`), decoding (`vision.exports.decode`).
"""

from collections.abc import Iterator

import polars as pl

from vision.exports.decoded import Decoded
from vision.exports.folder import Recordings
from vision.exports.reading import Stretch
from vision.protocols import Frame
from vision.site.models import SiteDay


def day_frames(decoded: Decoded, recordings: Recordings, *, fps: float) -> Iterator[Frame]:
    """Frames of the stretches of `decoded` at about `fps`, in strictly increasing time.

    One grid runs over all files: where a recording is cut changes nothing.

    Args:
        decoded: Notes each frame that comes, and each file that is given up.
        recordings: Where the files lie.
        fps: Analysed frames per second of recorded time.
    """
    return decoded.noted(recordings.frames(decoded.stretches, fps, decoded.give_up))


def stretches(exports: pl.DataFrame, site_day: SiteDay) -> list[Stretch]:
    """The timeline of a camera-day, disjoint and in order, from rows of `camera_exports`.

    Where files overlap, the one that starts first is read to its end: nobody is seen twice.
    """
    start, end = (round(at.timestamp() * 1_000_000) for at in site_day.window)
    times = [pl.col(name).dt.epoch("us") for name in ("started_at", "ended_at")]
    taken = exports.filter(pl.col("status") == "catalogued").sort("started_at", "export")
    found: list[Stretch] = []
    for name, began, ended in taken.select("file_name", *times).iter_rows():
        begins, ends = max(began, start), min(ended, end)
        if begins < ends:
            found.append(Stretch(name, began, begins, ends))
            start = ends
    return found
