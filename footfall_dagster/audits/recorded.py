"""Where an auditor finds an interval: in which recordings, and how far into them.

Belongs here: looking it up in what the camera-day stored of its files. Does not belong here: how
those files came to one timeline (`vision.exports.timeline`).
"""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from footfall_dagster.lake import Lake
from vision.contracts_ingest import CAMERA_EXPORTS, TIMELINE
from vision.exports.folder import Recordings

_LONG_S = 1.0
"""Pauses that together are longer than that put a player's clock out."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A file that shows part of an interval.

    Attributes:
        file_name: Below the folder of recordings.
        offset_s: From its first frame to where the interval begins in it.
        paused_s: By how much less a player may show, since the file pauses.
        is_there: Whether it still is; True where the place of recordings cannot be asked.
    """

    file_name: str
    offset_s: float
    paused_s: float
    is_there: bool

    def __str__(self) -> str:
        """Such as `front/front_100000.mp4 at 0:05:00`."""
        at = f"{self.file_name} at {dt.timedelta(seconds=int(self.offset_s))}"
        if self.paused_s > _LONG_S:
            at += f" or up to {self.paused_s:.0f} s before (it pauses)"
        return at


class Finder:
    """Looks intervals up in a lake; asks of each file once whether it is there."""

    def __init__(self, lake: Lake, recordings: Recordings) -> None:
        self._lake = lake
        self._is_there = cache(lambda name: _is_there(recordings, name))
        self._stretches = cache(self._stretches_of)

    def recorded(
        self, day: dt.date, camera: str, starts_at: dt.datetime, ends_at: dt.datetime
    ) -> list[Recorded]:
        """Files that show an interval, in order; none where nothing is stored of them."""
        found: dict[str, Recorded] = {}
        for row in self._stretches(day, camera):
            if row["begins_at"] >= ends_at or row["ends_at"] <= starts_at:
                continue
            first = max(starts_at, row["begins_at"])
            offset = (first - row["started_at"]).total_seconds()
            name = row["file_name"]
            found.setdefault(
                name, Recorded(name, offset, row["paused_s"] or 0.0, self._is_there(name))
            )
        return list(found.values())

    def _stretches_of(self, day: dt.date, camera: str) -> list[dict[str, Any]]:
        timeline = self._lake.stored(TIMELINE.name, day, camera)
        exports = self._lake.stored(CAMERA_EXPORTS.name, day, camera)
        if timeline is None or exports is None:
            return []
        files = exports.filter(pl.col("status") == "catalogued").unique("sha256", keep="first")
        columns = ("sha256", "file_name", "started_at", "paused_s")
        shown = timeline.join(files.select(columns), on="sha256").sort("begins_at")
        return list(shown.iter_rows(named=True))


def _is_there(recordings: Recordings, file_name: str) -> bool:
    try:
        return recordings.has(file_name)
    except OSError:
        return True
