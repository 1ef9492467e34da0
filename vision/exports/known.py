"""What an earlier catalogue of the same camera-day already knows of its files.

Belongs here: which rows of it may be believed without opening the file again. Does not belong here:
opening files (`vision.exports.probe`).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from vision.exports.content import Content
from vision.exports.folder import AS_LISTED, Export
from vision.exports.probe import VideoProbe

_MEASURED = (
    "sha256",
    "size_bytes",
    "modified_at",
    "started_at",
    "ended_at",
    "frames",
    "width",
    "height",
    "declared_fps",
    "delivered_fps",
    "codec",
    "container_at",
    "onvif_at",
)
"""Columns of a catalogue that say what a file was measured to be."""


@dataclass(frozen=True, slots=True)
class Known:
    """A readable file, measured now or before."""

    content: Content
    video: VideoProbe


def remembered(before: pl.DataFrame | None, exports: Iterable[Export]) -> dict[str, Known]:
    """What is known of the files that are as they were, by name.

    A file is as it was if its size and the second of its last writing are. A file that was set
    aside is tried again: what could not be read may be readable now. So is one with pauses, since
    rows do not say where they are.
    """
    if before is None:
        return {}
    told = before.filter(
        pl.col("status").is_in(["catalogued", "repeated"])
        & (pl.col("paused_s") == 0)
        & pl.col("modified_at").is_not_null()
    )
    names = told.select(AS_LISTED).iter_rows()
    rows = dict(zip(names, told.select(_MEASURED).iter_rows(named=True), strict=True))
    return {one.name: _measured(rows[one.as_listed]) for one in exports if one.as_listed in rows}


def _measured(row: dict[str, Any]) -> Known:
    lasts_s = (row["ended_at"] - row["started_at"]) / dt.timedelta(seconds=1)
    return Known(
        Content(row["sha256"], row["size_bytes"], row["modified_at"]),
        VideoProbe(
            width=row["width"],
            height=row["height"],
            codec=row["codec"],
            declared_fps=row["declared_fps"],
            frames=row["frames"],
            delivered_fps=row["delivered_fps"],
            stretches=((0.0, lasts_s),),
            container_at=row["container_at"],
            onvif_at=row["onvif_at"],
        ),
    )
