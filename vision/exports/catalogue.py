"""The catalogue of a camera-day: what is in its files, when each began, which are used when.

Belongs here: rows of the `camera_exports` contract, and the timeline that they come to. Does not
belong here: finding files (`vision.exports.folder`), opening one (`vision.exports.probe`), the
rules of clocks and overlaps (`vision.exports.clocks`, `vision.exports.timeline`).
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from vision.contracts_ingest import (
    CAMERA_EXPORTS,
    CODECS,
    OTHER_CODEC,
    UNSUPPORTED_NAME,
    ClockSource,
)
from vision.exports import timeline
from vision.exports.clocks import Started, begins_at_creation, choose, corrected, drift_s_per_day
from vision.exports.folder import Export
from vision.exports.instants import at_of, us_of, window_us
from vision.exports.known import Known, remembered
from vision.exports.names import stored_names
from vision.exports.pool import Candidate, Probed, SetAside, probe_all
from vision.exports.probe import VideoProbe
from vision.site.models import Camera, SiteDay

Measure = Callable[[Sequence[Export]], Iterable[Probed | SetAside]]
"""Opens files, in the order given; see `vision.exports.pool`."""

_SAME_CONTENT = {"status": "repeated", "reason": "same_content"}
_NO_CONTENT = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a camera-day was recorded in.

    Attributes:
        exports: Rows of the `camera_exports` contract.
        timeline: Rows of the `timeline` contract.
        drift_s_per_day: By how much the second clock of the camera gains on the first.
        opened: How many files were opened; the others were known from before.
    """

    exports: pl.DataFrame
    timeline: pl.DataFrame
    drift_s_per_day: float | None
    opened: int


@dataclass(frozen=True, slots=True)
class _File:
    """A readable file of the day."""

    export: Export
    known: Known
    began: Started

    @property
    def stretches(self) -> tuple[tuple[int, int], ...]:
        """Unbroken stretches of its recording, to the millisecond, UTC."""
        return tuple(
            (_to_ms(self.began.at_us + _us(begin)), _to_ms(self.began.at_us + _us(end)))
            for begin, end in self.known.video.stretches
        )


def measured(exports: Sequence[Export]) -> Iterator[Probed | SetAside]:
    """Open files in child processes; what came of each, in the order given."""
    return probe_all(Candidate(one.source, one.size_bytes) for one in exports)


def catalogue(
    exports: Sequence[Export],
    camera: Camera,
    site_day: SiteDay,
    measure: Measure = measured,
    before: pl.DataFrame | None = None,
) -> Catalogue:
    """Measure every file that is not known yet, and settle which shows what.

    A file that began before the trading day and ended before it too is no file of the day.

    Args:
        exports: Files that may be of the day.
        camera: Whose they are.
        site_day: The day.
        measure: Opens the files that it is given.
        before: Rows of an earlier catalogue of the same camera-day: what has the same name, size
            and time of writing is not opened again.
    """
    storable = stored_names(camera)
    named = [one for one in exports if storable.fullmatch(one.name)]
    found: dict[str, Known | SetAside] = {
        one.name: SetAside(Candidate(one.source, one.size_bytes), "outside_root")
        for one in named
        if one.outside
    }
    found |= remembered(before, [one for one in named if one.name not in found])
    unknown = [one for one in named if one.name not in found]
    for one, told in zip(unknown, measure(unknown), strict=True):
        found[one.name] = told if isinstance(told, SetAside) else Known(told.content, told.video)
    once, again = _each_content_once(_begun(named, found, camera), camera)
    settled = _settled(once, camera)
    candidates = [
        timeline.Candidate(one.known.content.sha256, one.stretches, one.known.video.delivered_fps)
        for one in settled
    ]
    window = site_day.window
    taken = timeline.resolve(candidates, window_us(window))
    used_us = [0] * len(settled)
    for stretch in taken:
        used_us[stretch.candidate] += stretch.ends_us - stretch.begins_us
    rows = [
        *((one.export, _used_row(one, us)) for one, us in zip(settled, used_us, strict=True)),
        *((one.export, _row(one) | _SAME_CONTENT) for one in again),
        *_set_aside_rows(exports, found, camera),
    ]
    return Catalogue(
        exports=_numbered(_of_the_day(row, export, window) for export, row in rows),
        timeline=timeline.rows(taken, candidates),
        drift_s_per_day=drift_s_per_day([one.began for one in settled], camera.clock),
        opened=len(unknown),
    )


def told_of(export: Export, video: VideoProbe, camera: Camera) -> dict[ClockSource, int]:
    """The start of a file by each source that can be it, but for its order, microseconds, UTC."""
    told = dict(export.told)
    if video.onvif_at is not None:
        told["onvif"] = us_of(video.onvif_at)
    if video.container_at is not None:
        created = us_of(video.container_at)
        if begins_at_creation(created, _lasts_us(video), told, camera.clock):
            told["container"] = created
    return told


def _begun(
    exports: Iterable[Export], found: Mapping[str, Known | SetAside], camera: Camera
) -> Iterator[_File]:
    """Readable files of the camera's size of which some clock says when they began, by name.

    A file of which none does follows the one before it, where the camera's order ends with that.
    """
    end: int | None = None
    for export in sorted(exports, key=lambda one: one.name):
        known = found[export.name]
        if isinstance(known, SetAside) or not _fits(known.video, camera):
            continue
        lasts_us = _lasts_us(known.video)
        told = told_of(export, known.video, camera)
        if end is not None:
            told["order"] = end
        began = choose(told, lasts_us, camera.clock)
        if began is not None:
            end = began.at_us + lasts_us
            yield _File(export, known, began)


def _each_content_once(files: Iterable[_File], camera: Camera) -> tuple[list[_File], list[_File]]:
    """Files of which no other has the same bytes with a better clock; and those that repeat one."""
    trust = {source: place for place, source in enumerate(camera.clock.order)}
    best: dict[str, _File] = {}
    again = []
    for one in sorted(
        files, key=lambda one: (trust[one.began.source], one.began.at_us, one.export.name)
    ):
        if one.known.content.sha256 in best:
            again.append(one)
        else:
            best[one.known.content.sha256] = one
    return list(best.values()), again


def _settled(files: Iterable[_File], camera: Camera) -> list[_File]:
    """Files in order of time, their starts corrected as the camera lets us."""
    in_order = sorted(files, key=lambda one: (one.began.at_us, one.export.name))
    starts = corrected([one.began for one in in_order], camera.clock)
    return [replace(one, began=began) for one, began in zip(in_order, starts, strict=True)]


def _used_row(file: _File, used_us: int) -> dict[str, Any]:
    row = _row(file) | {"used_s": round(used_us / 1e6, 3)}
    if used_us:
        return row | {"status": "catalogued"}
    return row | {"status": "repeated", "reason": "seen_elsewhere"}


def _row(file: _File) -> dict[str, Any]:
    content, video, began = file.known.content, file.known.video, file.began
    started_at = at_of(_to_ms(began.at_us))
    return {
        "file_name": file.export.name,
        "sha256": content.sha256,
        "size_bytes": content.size_bytes,
        "modified_at": content.modified_at,
        "started_at": started_at,
        # Not rounded: with the start, it tells how long the file is.
        "ended_at": started_at + dt.timedelta(microseconds=began.lasts_us),
        "frames": video.frames,
        "width": video.width,
        "height": video.height,
        "declared_fps": video.declared_fps,
        "delivered_fps": video.delivered_fps,
        "paused_s": round(video.paused_s, 2),
        "codec": video.codec if video.codec in CODECS else OTHER_CODEC,
        "clock_source": began.source,
        "onvif_at": video.onvif_at,
        "container_at": video.container_at,
        "compared_with": began.compared_with,
        "clocks_apart_s": began.apart_s,
        "corrected_s": round(began.corrected_s, 3),
        "used_s": 0.0,
    }


def _set_aside_rows(
    exports: Iterable[Export], found: Mapping[str, Known | SetAside], camera: Camera
) -> Iterator[tuple[Export, dict[str, Any]]]:
    """Files that take no part, at the time that they claim; one that claims none has no day."""
    for export in exports:
        told = found.get(export.name)
        if isinstance(told, Known) and _fits(told.video, camera):
            continue
        began = choose(export.told, 0, camera.clock)
        if began is None:
            continue
        row: dict[str, Any] = {
            "file_name": export.name,
            "sha256": _NO_CONTENT,
            "size_bytes": export.size_bytes,
            "modified_at": export.modified_at,
            "started_at": at_of(_to_ms(began.at_us)),
            "clock_source": began.source,
            "corrected_s": 0.0,
            "used_s": 0.0,
            "status": "quarantined",
        }
        if told is None:
            # Never opened, and nothing of it is told.
            row |= {"file_name": UNSUPPORTED_NAME, "size_bytes": 0, "modified_at": None}
            yield export, row | {"reason": "unsupported_name"}
        elif isinstance(told, SetAside):
            digest = told.content.sha256 if told.content else _NO_CONTENT
            yield export, row | {"sha256": digest, "reason": told.reason}
        else:
            lasts = replace(began, lasts_us=_lasts_us(told.video))
            measured = _row(_File(export, told, lasts))
            yield export, measured | {"status": "quarantined", "reason": "wrong_frame_size"}


def _of_the_day(
    row: dict[str, Any], export: Export, window: tuple[dt.datetime, dt.datetime]
) -> dict[str, Any] | None:
    """The row, if the file shows or claims some of the day.

    One whose name is of the day and whose best clock is not stays visible: no other day has it.
    """
    start, end = window
    # One that ended as the day began shows nothing of it.
    reaches = row["started_at"] >= start or row.get("ended_at", row["started_at"]) > start
    if row["started_at"] < end and reaches:
        return row
    named = export.started_at
    if named is None or not start <= named < end:
        return None
    lasts = row["ended_at"] - row["started_at"]
    return row | {
        "started_at": named,
        "ended_at": named + lasts,
        "status": "quarantined",
        "reason": "other_day",
    }


def _numbered(rows: Iterable[dict[str, Any] | None]) -> pl.DataFrame:
    """Rows by start, then name."""
    of_the_day = sorted(
        (row for row in rows if row is not None),
        key=lambda row: (row["started_at"], row["file_name"], row["sha256"]),
    )
    numbered = [{"export": number, **row} for number, row in enumerate(of_the_day)]
    return pl.DataFrame(numbered, schema=CAMERA_EXPORTS.schema)


def _fits(video: VideoProbe, camera: Camera) -> bool:
    return (video.width, video.height) == camera.frame


def _lasts_us(video: VideoProbe) -> int:
    return _us(video.duration_s)


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _to_ms(at_us: int) -> int:
    return round(at_us / 1000) * 1000
