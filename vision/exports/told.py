"""What is told of the files of a folder: the types that `vision.exports.explain` gives out.

Belongs here: one file, and a group of files that are read in one way. Does not belong here: finding
out (`vision.exports.explain`, `vision.exports.explain_cameras`), words (`vision.exports.advice`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vision.contracts_ingest import ClockSource
from vision.exports.guess import Look
from vision.exports.instants import EPOCH
from vision.exports.local_time import Decided
from vision.exports.probe import VideoProbe
from vision.site.models import Camera

State = Literal["used", "repeated", "readable", "set_aside", "no_clock", "unopened", "left_alone"]
"""`used` on a camera's timeline; `repeated` by others; `readable`, but of no camera; `set_aside`
with a reason; `no_clock` tells when it began; not opened; `left_alone`, since it is no video."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one file.

    Attributes:
        name: Path below the folder of recordings.
        size_bytes: Its size.
        state: What becomes of it.
        reason: Why it takes no part: a word of `camera_exports`, or `not_open`, `no_camera_yet`,
            `written_before`.
        kind: What it is instead of video, a key of `vision.exports.foreign.KINDS`.
        starts: Its start by each source that tells one. UTC for a camera's files; for others as
            the name has it, without an offset where it has none.
        start: The one that is taken, after corrections.
        taken: Whose it is.
        compared_with: The source that is farthest from it.
        apart_s: By how much that one is later, seconds.
        corrected_s: By how much `start` is later than `taken` says.
        decided_by: What decided, where the local time in the name is shown twice or never.
        day: The trading day on which it begins.
        video: What it holds; None where that is not known.
        used_s: Seconds of it that are on the timeline.
    """

    name: str
    size_bytes: int
    state: State
    reason: str | None = None
    kind: str | None = None
    starts: Mapping[ClockSource, dt.datetime] = field(default_factory=dict)
    start: dt.datetime | None = None
    taken: ClockSource | None = None
    compared_with: ClockSource | None = None
    apart_s: float | None = None
    corrected_s: float = 0.0
    decided_by: Decided | None = None
    day: dt.date | None = None
    video: VideoProbe | None = None
    used_s: float = 0.0

    @property
    def fails(self) -> bool:
        """Whether it is a recording that takes no part and that no other stands for."""
        return self.state in {"set_aside", "no_clock"}


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one camera, of one look, or (without either) those left alone.

    Attributes:
        files: By start, then name.
        camera: As its newest entry has it.
        look: How files of no camera seem to be named.
        like: The camera whose files are named so in another folder.
        zone: In which names are written; None where only the recorder knows, or they tell no time.
    """

    files: tuple[Told, ...]
    camera: Camera | None = None
    look: Look | None = None
    like: str | None = None
    zone: str | None = None


def by_start(one: Told) -> tuple[bool, dt.datetime, str]:
    """Sorts files by their start, then name; last those of which none is known."""
    start = one.start or EPOCH
    return one.start is None, start.replace(tzinfo=None), one.name
