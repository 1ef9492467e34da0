"""The catalogue of a camera-day: what is in each of its files, and which are set aside.

Belongs here: rows of the `camera_exports` contract. Does not belong here: finding files
(`vision.exports.folder`), opening them (`vision.exports.pool`).
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from vision.contracts import CAMERA_EXPORTS, CODECS, OTHER_CODEC, UNSUPPORTED_NAME
from vision.exports.folder import Export, floored
from vision.exports.names import stored_names
from vision.site.models import Camera, SiteDay

if TYPE_CHECKING:
    from vision.exports.pool import Probed, SetAside

_NO_CONTENT = hashlib.sha256(b"").hexdigest()


def catalogue(exports: Iterable[Export], camera: Camera, site_day: SiteDay) -> pl.DataFrame:
    """Probe every file; rows of the `camera_exports` contract, unreadable ones with a reason.

    A file that began before the trading day and ended before it too is no file of the day.
    """
    start, _ = site_day.window
    rows = _rows(list(exports), camera)
    of_the_day = [row for row in rows if row.get("ended_at", row["started_at"]) >= start]
    numbered = [{"export": number, **row} for number, row in enumerate(of_the_day)]
    return pl.DataFrame(numbered, schema=CAMERA_EXPORTS.schema)


def _rows(exports: list[Export], camera: Camera) -> Iterator[dict[str, Any]]:
    from vision.exports.pool import Candidate, probe_all
    from vision.exports.source import Source

    names = stored_names(camera)
    outcomes = probe_all(
        Candidate(Source(str(export.path)), export.name, _size(export.path))
        for export in exports
        if names.fullmatch(export.name)
    )
    for export in exports:
        row: dict[str, Any] = {
            "file_name": export.name,
            "sha256": _NO_CONTENT,
            "size_bytes": 0,
            "started_at": export.started_at,
            "clock_source": export.clock_source,
            "status": "quarantined",
        }
        if names.fullmatch(export.name):
            yield row | _outcome(next(outcomes), export, camera)
        else:
            yield row | {"file_name": UNSUPPORTED_NAME, "reason": "unsupported_name"}


def _outcome(outcome: "Probed | SetAside", export: Export, camera: Camera) -> dict[str, Any]:
    from vision.exports.pool import SetAside

    row: dict[str, Any] = {}
    if outcome.content is not None:
        row |= {"sha256": outcome.content.sha256, "size_bytes": outcome.content.size_bytes}
    if isinstance(outcome, SetAside):
        return row | {"reason": outcome.reason}
    video = outcome.video
    row |= {
        # To the hundredth of a second, as coverage counts.
        "ended_at": floored(export.started_at + dt.timedelta(seconds=video.duration_s), 10_000),
        "frames": video.frames,
        "width": video.width,
        "height": video.height,
        "declared_fps": video.declared_fps,
        "delivered_fps": video.delivered_fps,
        "codec": video.codec if video.codec in CODECS else OTHER_CODEC,
    }
    if (video.width, video.height) != camera.frame:
        return row | {"reason": "wrong_frame_size"}
    return row | {"status": "catalogued"}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
