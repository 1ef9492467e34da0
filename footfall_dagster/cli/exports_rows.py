"""Rows of what is in a folder: files that follow each other and are of one kind, and their cells.

Belongs here: which files make one row, and what stands in its cells. Does not belong here: tables
and headings (`footfall_dagster.cli.exports_shown`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from zoneinfo import ZoneInfo

from vision.contracts_ingest import ClockSource
from vision.exports.advice import advice
from vision.exports.told import Group, Told

_SAME_RATE = 0.1
"""A camera that delivers a tenth fewer frames than it declares is worth a look."""
_MOVED_S = 0.05


def runs(group: Group) -> Iterator[list[Told]]:
    """Files that follow each other, are of one day and of one kind.

    One that was not opened is taken to be of the kind of those around it.
    """
    run: list[Told] = []
    kind: tuple[object, ...] | None = None
    for one in group.files:
        own = None if one.state == "unopened" else _kind(one, group)
        parts = own is not None and kind is not None and own != kind
        if run and (parts or _date(one, group) != _date(run[0], group)):
            yield run
            run, kind = [], None
        run.append(one)
        kind = own or kind
    if run:
        yield run


def _date(one: Told, group: Group) -> dt.date | None:
    if group.camera is not None:
        return one.day
    return None if one.start is None else one.start.date()


def _kind(one: Told, group: Group) -> tuple[object, ...]:
    video = one.video and (one.video.width, one.video.height, one.video.codec, _delivers(one))
    return (one.taken, video, bool(one.video and one.video.paused_s), *advice(one, group))


def _delivers(one: Told) -> bool:
    """Whether it delivers about the rate that it declares."""
    video = one.video
    if video is None or not video.declared_fps:
        return True
    return abs(video.delivered_fps / video.declared_fps - 1) <= _SAME_RATE


def end(one: Told) -> dt.datetime | None:
    """When a file ends; when it begins where that is all one knows."""
    if one.start is None or one.video is None:
        return one.start
    return one.start + dt.timedelta(seconds=one.video.duration_s)


def local(at: dt.datetime | None, zone: ZoneInfo | None) -> dt.datetime | None:
    """A moment in `zone`; as it is where it has no offset, or there is no zone."""
    return at if at is None or at.tzinfo is None or zone is None else at.astimezone(zone)


def time(at: dt.datetime | None) -> str:
    """A time of day."""
    return "-" if at is None else f"{at:%H:%M:%S}"


def lasts(files: Sequence[Told]) -> list[str]:
    """Seconds recorded; where not all were opened, as many as that comes to for all."""
    known = [one.video.recorded_s for one in files if one.video is not None]
    if not known:
        return ["-"]
    if len(known) < len(files):
        return [f"~{_duration(sum(known) / len(known) * len(files))}"]
    used = sum(one.used_s for one in files)
    told = [_duration(sum(known))]
    return [*told, f"{_duration(used)} used"] if 0 < used < sum(known) - 0.5 else told


def clock(files: Sequence[Told]) -> list[str]:
    """Whose word is taken, and by how much each other source is later, at most."""
    opened = [one for one in files if one.state != "unopened"] or files
    if opened[0].taken is None:
        return ["none"]
    farthest: dict[ClockSource, float] = defaultdict(float)
    for one in opened:
        for source, apart in _apart(one):
            farthest[source] = max(farthest[source], apart, key=abs)
    others = [f"{source} {_signed(apart)}" for source, apart in farthest.items()]
    moved = max((one.corrected_s for one in opened), key=abs)
    if abs(moved) >= _MOVED_S:
        others.append(f"moved {_signed(moved)}")
    return [opened[0].taken, *others]


def _apart(one: Told) -> Iterator[tuple[ClockSource, float]]:
    own = one.starts.get(one.taken) if one.taken else None
    for source, at in one.starts.items():
        # Without an offset, a time says nothing beside one that has it.
        if own is not None and source != one.taken and (own.tzinfo is None) == (at.tzinfo is None):
            yield source, (at - own).total_seconds()


def holds(files: Sequence[Told]) -> list[str]:
    """Size, codec, rate, frames and pauses."""
    videos = [one.video for one in files if one.video is not None]
    if not videos:
        return ["not opened" if files[0].state == "unopened" else "-"]
    first = videos[0]
    frames = sum(video.frames for video in videos)
    rate = f"{median(video.delivered_fps for video in videos):.3g} fps"
    if first.declared_fps and not all(map(_delivers, files)):
        rate += f", says {first.declared_fps:.3g}"
    told = [f"{first.width}x{first.height} {first.codec}", rate]
    if len(videos) == len(files):
        told.append(f"{frames:,} frames")
    if paused := sum(video.paused_s for video in videos):
        told.append(f"paused {_duration(paused)}")
    return told


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _signed(seconds: float) -> str:
    return f"{'-' if seconds < 0 else '+'}{_duration(abs(seconds))}"
