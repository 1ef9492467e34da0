"""What to say of a file that takes no part, or whose time is doubtful, and what to do about it.

Belongs here: words and remedies, and what cameras.yaml could say of files of no camera. Does not
belong here: finding out what is the matter (`vision.exports.explain`), kinds of files that are no
video to us (`vision.exports.foreign`), printing.
"""

import datetime as dt
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vision.exports.foreign import KINDS
from vision.exports.guess import quoted
from vision.exports.local_time import Decided
from vision.exports.told import Group, Told

_QUARTER_S = 900.0
_AGAIN = "Export it again; if that does not help, as MP4 with H.264."


@dataclass(frozen=True, slots=True)
class Advice:
    """What is the matter with files.

    Attributes:
        what: The matter, in a sentence about one file.
        remedy: What to do; empty where nothing need be done.
        fails: Whether they take no part because of it.
    """

    what: str
    remedy: str
    fails: bool = True


_REASONS: Mapping[str, Advice] = MappingProxyType(
    {
        "unreadable": Advice(
            "It cannot be read as video.",
            "If it is only half there, wait for the rest; else export it again.",
        ),
        "no_video_stream": Advice("It holds no video.", "Export it with its pictures."),
        "no_frames": Advice("Not one frame of it can be decoded.", _AGAIN),
        "empty_file": Advice("It is empty.", "Export it again; is the recorder's disk full?"),
        "unsupported_name": Advice(
            "Its name has text in it that may not be stored.",
            "Write what varies as a field, such as {digits} or {hex}, in place of *.",
        ),
        "outside_root": Advice(
            "It is a link to somewhere outside the folder of recordings.",
            "Copy or mount the file itself into the folder.",
        ),
        "other_day": Advice(
            "Its name is of one trading day, and a clock that counts more of another.",
            "Set the recorder's clock, or put name first in clock.order.",
        ),
        "decoder_crashed": Advice("It crashes the decoder.", _AGAIN),
        "took_too_long": Advice("It takes too long to read.", _AGAIN),
        "took_too_much_memory": Advice("It takes too much memory to read.", _AGAIN),
        "encrypted": Advice("It is encrypted.", "Export it without encryption."),
        "proprietary": Advice("Only its maker's software reads it.", "Export it as MP4."),
        "not_open": Advice(
            "The site is not open on its trading day.", "See opens and closes in site.yaml."
        ),
        "no_camera_yet": Advice(
            "The camera is not there yet on its trading day.",
            "Give its first entry in cameras.yaml an earlier valid_from.",
        ),
        "written_before": Advice(
            "It was written before it began, if its clock is right.",
            "Keep times of writing when copying: cp -p, rsync -t.",
        ),
        "same_content": Advice("Another file has the same bytes.", "", fails=False),
        "seen_elsewhere": Advice("Other files show all of it.", "", fails=False),
    }
)
"""What is said of each reason of `vision.exports.told.Told`, but for what depends on the file."""

_NO_CLOCK = Advice(
    "No clock tells when it began.",
    "Give its start in clock.starts, or a CSV of starts in clock.sidecar.",
)
_DECIDED: Mapping[Decided, str] = MappingProxyType(
    {
        "end": "the end in its name",
        "modified": "when it was written",
        "twin": "another file of that time",
        "order": "the files before and after it",
    }
)
_GUESSED: Mapping[Decided, Advice] = MappingProxyType(
    {
        "first": Advice(
            "Its local time comes twice that night; the first is taken, which is a guess.",
            "Set the recorder to UTC, or keep times of writing when copying: cp -p, rsync -t.",
            fails=False,
        ),
        "skipped": Advice(
            "Its local time does not come that night; the clock was not put forward yet.",
            "Set the recorder to UTC.",
            fails=False,
        ),
    }
)


def advice(file: Told, group: Group) -> Iterator[Advice]:
    """All that is to be said of a file; nothing where it is as it should be."""
    if file.state == "no_clock":
        yield _NO_CLOCK
    if file.reason is not None:
        yield _of_reason(file.reason, file, group)
    if file.decided_by is not None:
        yield _of_local_time(file.decided_by)
    if is_far(file, group):
        yield _of_clocks(file, group)


def _of_local_time(decided_by: Decided) -> Advice:
    if decided_by in _GUESSED:
        return _GUESSED[decided_by]
    what = f"Its local time comes twice that night; {_DECIDED[decided_by]} decides."
    return Advice(what, "", fails=False)


def is_far(file: Told, group: Group) -> bool:
    """Whether another clock is farther from the one taken than the camera lets it."""
    if file.apart_s is None or group.camera is None:
        return False
    return abs(file.apart_s) > group.camera.clock.tolerance_s


def _of_reason(reason: str, file: Told, group: Group) -> Advice:
    if file.kind is not None:
        known = KINDS[file.kind]
        return Advice(f"It is {known.name}.", known.advice)
    if reason == "wrong_frame_size" and file.video is not None and group.camera is not None:
        wide, high = file.video.width, file.video.height
        expected = " x ".join(map(str, group.camera.frame))
        return Advice(
            f"Its frames are {wide} x {high}, the camera's {expected}.",
            f"Export the other stream; or give the camera frame: [{wide}, {high}], and draw and "
            "calibrate it on that.",
        )
    return _REASONS[reason]


def _of_clocks(file: Told, group: Group) -> Advice:
    assert group.camera is not None
    tolerance = group.camera.clock.tolerance_s
    apart = file.apart_s or 0.0
    quarters = round(apart / _QUARTER_S)
    what = f"By {file.compared_with} it began at another time than by {file.taken}"
    if quarters and abs(apart - quarters * _QUARTER_S) <= max(tolerance, 5.0):
        remedy = (
            "That is what a wrong time zone looks like: give clock.time_zone that in which the "
            "recorder writes names."
        )
        return Advice(f"{what}: {_hours(quarters)} apart.", remedy, fails=False)
    remedy = (
        "Set the recorder's clock; or put the source that is right first in clock.order; or allow "
        "more in clock.tolerance_s."
    )
    return Advice(f"{what}, by more than {tolerance:g} s.", remedy, fails=False)


def entry(group: Group) -> list[str]:
    """Lines for cameras.yaml that would read the files of a look; none where no line would."""
    lines = [line] if (line := _exports_line(group)) is not None else []
    sizes = {(one.video.width, one.video.height) for one in group.files if one.video is not None}
    if lines and len(sizes) == 1:
        lines.append(f"frame: [{', '.join(map(str, *sizes))}]")
    return lines


def _exports_line(group: Group) -> str | None:
    assert group.look is not None
    if group.look.line is not None:
        return group.look.line
    mp4 = all(posixpath.splitext(one.name)[1] == ".mp4" for one in group.files)
    if mp4 and any("onvif" in one.starts or "container" in one.starts for one in group.files):
        folder = f", folder: {quoted(group.look.folder)}" if group.look.folder else ""
        return f"exports: {{recorder: onvif{folder}}}"
    return None


def offset(group: Group) -> tuple[str, int] | None:
    """By how much names are ahead of UTC, and how many files say so; None where they differ.

    Containers tell when a file began or when it was closed, so both ends of it are tried.
    """
    told = [quarters for one in group.files if (quarters := _quarters(one)) is not None]
    if len(set(told)) != 1:
        return None
    minutes = abs(told[0]) * 15
    return f"{'-' if told[0] < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}", len(told)


def _quarters(file: Told) -> int | None:
    named, by_file = file.starts.get("name"), file.starts.get("onvif", file.starts.get("container"))
    if named is None or named.tzinfo is not None or by_file is None or file.video is None:
        return None
    ahead = (named - by_file.replace(tzinfo=None)) / dt.timedelta(seconds=1)
    for seconds in (ahead, ahead + file.video.duration_s):
        quarters = round(seconds / _QUARTER_S)
        if abs(seconds - quarters * _QUARTER_S) < 30 and abs(quarters) <= 14 * 4:
            return quarters
    return None


def _hours(quarters: int) -> str:
    minutes = abs(quarters) * 15
    hours, rest = divmod(minutes, 60)
    told = [f"{hours} h"] if hours else []
    return " ".join([*told, f"{rest} min"] if rest else told)
