"""The files of a camera-day: which belong to it, when each begins, what each minute observed.

Belongs here: file names and clocks, the catalogue of a camera-day, its coverage by the minute, and
the frames of its files on one timeline. Does not belong here: decoding (`vision.video`).
"""

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl

from vision.contracts import CAMERA_EXPORTS, CODECS, COVERAGE, OTHER_CODEC, UNSUPPORTED_NAME
from vision.protocols import Frame
from vision.recording_names import name_pattern, stored_names
from vision.site.models import Camera, SiteDay

_LONGEST_FILE = dt.timedelta(hours=24)
_NO_CONTENT = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Export:
    """A file of a camera and the moment at which it begins."""

    path: Path
    name: str
    started_at: dt.datetime
    clock_source: Literal["name", "site_file"]


@dataclass(frozen=True, slots=True)
class Recordings:
    """The folder into which recorders export; nothing here ever writes to it."""

    root: Path

    def find(self, site_day: SiteDay, camera: Camera) -> list[Export]:
        """Files of `camera` that may show part of the trading day, by start, then name.

        A file belongs if it starts within the day; so does the last one that starts before it, by
        up to 24 hours, since it may reach into the day.

        Raises:
            FileNotFoundError: The folder itself is absent, which is a setting gone wrong and not
                a camera that recorded nothing.
        """
        if not self.root.is_dir():
            raise FileNotFoundError(
                f"the folder of recordings {self.root} does not exist; create it, mount it, or "
                "point FOOTFALL_RECORDINGS at the folder into which your recorder exports"
            )
        zone = camera.clock.time_zone or site_day.site.file.time_zone
        found = sorted(
            _exports(self.root, camera, zone), key=lambda export: (export.started_at, export.name)
        )
        start, end = site_day.window
        before = [e for e in found if start - _LONGEST_FILE < e.started_at < start][-1:]
        return before + [e for e in found if start <= e.started_at < end]

    def path(self, file_name: str) -> Path:
        """Where the file of a row of `camera_exports` lies."""
        return self.root / file_name

    def frames(self, file_name: str, started_at_us: int, fps: float) -> Iterator[Frame]:
        """Frames of a file, as `vision.video.read_frames` gives them."""
        from vision.video import read_frames

        return read_frames(self.path(file_name), started_at_us, fps)


def _exports(root: Path, camera: Camera, zone: str) -> Iterator[Export]:
    pattern = name_pattern(camera.exports)
    info = ZoneInfo(zone)
    for path in root.glob(re.sub(r"(%.)+", "*", camera.exports)):
        name = path.relative_to(root).as_posix()
        match = pattern.fullmatch(name)
        if match is None or not path.is_file():
            continue
        told = camera.clock.starts.get(path.name)
        local = told or _start_in_name(match.groupdict())
        if local is not None:
            at = local if local.tzinfo else local.replace(tzinfo=info)
            # To the millisecond: no recorder's clock is better.
            begins = _floored(at.astimezone(dt.UTC), 1000)
            yield Export(path, name, begins, "site_file" if told else "name")


def _start_in_name(fields: dict[str, Any]) -> dt.datetime | None:
    try:
        digits = "".join(fields[directive] for directive in "YmdHMS")
        at = dt.datetime.strptime(digits, "%Y%m%d%H%M%S")
    except (KeyError, ValueError):
        return None
    return at.replace(microsecond=int((fields.get("f") or "0").ljust(6, "0")))


def _floored(at: dt.datetime, microseconds: int) -> dt.datetime:
    return at.replace(microsecond=at.microsecond // microseconds * microseconds)


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
    from vision.video import UnreadableVideo, probe

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
        row |= {"sha256": _sha256(export.path), "size_bytes": export.path.stat().st_size}
        video = probe(export.path)
    except UnreadableVideo as unreadable:
        return row | {"reason": unreadable.reason}
    except OSError:
        # Not ours to read, or gone since it was found.
        return row | {"reason": "unreadable"}
    row |= {
        # To the hundredth of a second, as coverage counts.
        "ended_at": _floored(export.started_at + dt.timedelta(seconds=video.duration_s), 10_000),
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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def coverage(exports: pl.DataFrame, site_day: SiteDay) -> pl.DataFrame:
    """One row a minute of the trading day: seconds recorded and readable, and why not where not.

    Overlapping files count once: seconds are those of the union of their intervals.
    """
    start, end = site_day.window
    catalogued = exports.filter(pl.col("status") == "catalogued")
    recorded = _seconds_by_minute(_intervals(exports), start, end)
    readable = _seconds_by_minute(_intervals(catalogued), start, end)
    set_aside = {
        at.replace(second=0, microsecond=0)
        for at in exports.filter(pl.col("status") == "quarantined")["started_at"]
    }
    minutes = [start + dt.timedelta(minutes=n) for n in range(len(recorded))]
    frame = pl.DataFrame(
        {"minute": minutes, "recorded_s": recorded, "readable_s": readable},
        schema_overrides={"minute": COVERAGE.schema["minute"]},
    )
    quarantined = (pl.col("recorded_s") > pl.col("readable_s")) | pl.col("minute").is_in(
        list(set_aside)
    )
    reason = (
        pl.when(pl.col("readable_s") >= 60)
        .then(None)
        .when(quarantined)
        .then(pl.lit("quarantined"))
        .otherwise(pl.lit("gap"))
    )
    return frame.with_columns(reason=reason).select(COVERAGE.schema.names()).cast(COVERAGE.schema)


def _intervals(exports: pl.DataFrame) -> list[tuple[dt.datetime, dt.datetime]]:
    """Disjoint intervals that the files cover, in order."""
    merged: list[tuple[dt.datetime, dt.datetime]] = []
    known = exports.drop_nulls("ended_at").sort("started_at")
    for begin, end in known.select("started_at", "ended_at").iter_rows():
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _seconds_by_minute(
    intervals: Sequence[tuple[dt.datetime, dt.datetime]], start: dt.datetime, end: dt.datetime
) -> list[float]:
    minute = dt.timedelta(minutes=1)
    seconds = [0.0] * ((end - start) // minute)
    for interval_begin, interval_end in intervals:
        begin, stop = max(interval_begin, start), min(interval_end, end)
        while begin < stop:
            index = (begin - start) // minute
            upto = min(stop, start + (index + 1) * minute)
            seconds[index] += (upto - begin).total_seconds()
            begin = upto
    return [min(60.0, round(value, 2)) for value in seconds]


def frames(
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
