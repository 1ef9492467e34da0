"""The frames of a camera-day, from all of its files, on one timeline.

Belongs here: which frames are looked at, and when each was taken. Does not belong here: decoding
(`vision.exports.decode`).
"""

from collections.abc import Callable, Iterator

import polars as pl

from vision.exports.folder import Recordings
from vision.protocols import Frame
from vision.site.models import SiteDay


def day_frames(
    exports: pl.DataFrame,
    recordings: Recordings,
    site_day: SiteDay,
    *,
    fps: float,
    on_file: Callable[[int, int], None] = lambda _done, _all: None,
) -> Iterator[Frame]:
    """Frames of the day's catalogued files at about `fps`, in strictly increasing time.

    Where files overlap, the one that starts first is read to its end: nobody is seen twice.

    Args:
        exports: Rows of the `camera_exports` contract.
        recordings: Where the files lie.
        site_day: Frames outside its window are left out.
        fps: Analysed frames per second of recorded time.
        on_file: Called with (files done, files in all) after each file.
    """
    start, end = (round(at.timestamp() * 1_000_000) for at in site_day.window)
    last = start - 1
    catalogued = exports.filter(pl.col("status") == "catalogued")
    for done, (name, began) in enumerate(
        catalogued.select("file_name", pl.col("started_at").dt.epoch("us")).iter_rows(), 1
    ):
        for frame in recordings.frames(name, began, fps):
            if last < frame.at_us < end:
                last = frame.at_us
                yield frame
        on_file(done, len(catalogued))
