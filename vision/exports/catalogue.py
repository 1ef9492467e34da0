"""The catalogue of a camera-day: what is in each of its files, and which are set aside.

Belongs here: rows of the `camera_exports` contract. Does not belong here: finding files
(`vision.exports.folder`), opening one (`vision.exports.probe`).
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Any

import polars as pl

from vision.contracts import CAMERA_EXPORTS, CODECS, OTHER_CODEC, UNSUPPORTED_NAME
from vision.exports.folder import Export, floored
from vision.exports.names import stored_names
from vision.exports.places import Source
from vision.site.models import Camera, SiteDay

_NO_CONTENT = hashlib.sha256(b"").hexdigest()


def catalogue(exports: Iterable[Export], camera: Camera, site_day: SiteDay) -> pl.DataFrame:
    """Probe every file; rows of the `camera_exports` contract, unreadable ones with a reason.

    A file that began before the trading day and ended before it too is no file of the day.
    """
    start, _ = site_day.window
    rows = [_catalogue_row(export, camera) for export in exports]
    of_the_day = [row for row in rows if row.get("ended_at", row["started_at"]) >= start]
    numbered = [{"export": number, **row} for number, row in enumerate(of_the_day)]
    return pl.DataFrame(numbered, schema=CAMERA_EXPORTS.schema)


def _catalogue_row(export: Export, camera: Camera) -> dict[str, Any]:
    from vision.exports.probe import UnreadableVideo, probe

    row: dict[str, Any] = {
        "file_name": export.name,
        "sha256": _NO_CONTENT,
        "size_bytes": 0,
        "started_at": export.started_at,
        "clock_source": export.clock_source,
        "status": "quarantined",
    }
    if not stored_names(camera).fullmatch(export.name):
        return row | {"file_name": UNSUPPORTED_NAME, "reason": "unsupported_name"}
    try:
        row |= {"sha256": _sha256(export.source), "size_bytes": export.size_bytes}
        video = probe(export.source)
    except UnreadableVideo as unreadable:
        return row | {"reason": unreadable.reason}
    except OSError:
        # Not ours to read, or gone since it was found.
        return row | {"reason": "unreadable"}
    row |= {
        # To the hundredth of a second, as coverage counts.
        "ended_at": floored(export.started_at + dt.timedelta(seconds=video.duration_s), 10_000),
        "frames": video.frames,
        "width": video.width,
        "height": video.height,
        "declared_fps": round(video.declared_fps, 3) if video.declared_fps is not None else None,
        "delivered_fps": round(video.delivered_fps, 3),
        "codec": video.codec if video.codec in CODECS else OTHER_CODEC,
    }
    if (video.width, video.height) != camera.frame:
        return row | {"reason": "wrong_frame_size"}
    return row | {"status": "catalogued"}


def _sha256(source: Source) -> str:
    with source.reading() as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
