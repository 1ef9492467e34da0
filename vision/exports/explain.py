"""What is in a folder of recordings, file by file: who reads it, when it began, what is missing.

Belongs here: finding that out for all files, and opening them. Does not belong here: files of a
site's cameras (`vision.exports.explain_cameras`), what names look like (`vision.exports.guess`),
what one says and advises (`vision.exports.advice`), printing. Nothing of it is stored.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from vision.contracts_ingest import ClockSource
from vision.exports.explain_cameras import Outcomes, entries_of, groups_of
from vision.exports.folder import Recordings
from vision.exports.guess import Look, looks, may_be_video
from vision.exports.names import Naming
from vision.exports.patterns import NamePattern
from vision.exports.places import File
from vision.exports.pool import Candidate, Probed, SetAside, probe_all
from vision.exports.told import Group, Told, by_start
from vision.site.models import Camera, Site

_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Opening:
    """Which files are opened, to say what they hold.

    Attributes:
        most: Of each group; None for all. They are spread over the group, so that whatever it
            holds is met.
        on_file: Called with how many are done, of how many.
    """

    most: int | None = 200
    on_file: Callable[[int, int], None] = lambda _done, _all: None

    def chosen(self, names: Sequence[str], in_a_row: bool = False) -> list[str]:
        """Those of a group that are opened; the first ones where each depends on the last."""
        if self.most is None or len(names) <= self.most:
            return list(names)
        if in_a_row:
            return list(names[: self.most])
        return [names[number * len(names) // self.most] for number in range(self.most)]

    def outcomes(self, recordings: Recordings, sizes: Mapping[str, int]) -> Outcomes:
        """What came of opening files of these names and sizes."""
        wanted = [Candidate(recordings.source(name), size) for name, size in sizes.items()]
        if not wanted:
            return {}
        told = probe_all(wanted, on_file=lambda done: self.on_file(done, len(wanted)))
        return {one.file.name: one for one in told}


def explain(recordings: Recordings, site: Site | None, opening: Opening) -> list[Group]:
    """Every file of a folder or bucket: by camera, then by look, then those left alone.

    Args:
        recordings: What is looked at; the folder of recordings itself where there is a site.
        site: Whose cameras the files may be of.
        opening: Which of them are opened.

    Raises:
        FileNotFoundError: There is no such folder or bucket.
        vision.exports.places.Unreachable: The store does not answer, or not to us.
        vision.exports.sidecar.SidecarError: A camera's sidecar cannot be believed.
    """
    listed = {file.name: file for file in recordings.place.files("", _DEEPEST)}
    entries = [] if site is None else entries_of(recordings, site)
    of_cameras = {export.name for entry in entries for export in entry.exports}
    others = [name for name in sorted(listed) if name not in of_cameras]
    by_look = _by_look([name for name in others if may_be_video(name)])
    sizes: dict[str, int] = {}
    for entry in entries:
        assert site is not None
        openable = entry.openable(site)
        chosen = opening.chosen(list(openable), "order" in entry.camera.clock.order)
        sizes |= {name: openable[name] for name in chosen}
    for names in by_look.values():
        inside = [name for name in names if not listed[name].outside]
        sizes |= {name: listed[name].size_bytes for name in opening.chosen(inside)}
    outcomes = opening.outcomes(recordings, sizes)
    groups = [] if site is None else groups_of(entries, site, outcomes)
    cameras = [group.camera for group in groups if group.camera is not None]
    groups += [
        _look_group(look, [listed[name] for name in names], outcomes, cameras)
        for look, names in by_look.items()
    ]
    left = [Told(name, listed[name].size_bytes, "left_alone") for name in others]
    left = [one for one in left if not may_be_video(one.name)]
    return [*groups, *([Group(tuple(left))] if left else [])]


def _by_look(names: Sequence[str]) -> dict[Look, list[str]]:
    found: dict[Look, list[str]] = defaultdict(list)
    for name, look in looks(names).items():
        found[look].append(name)
    return dict(sorted(found.items(), key=lambda item: (item[0].exports is None, item[1][0])))


def _look_group(
    look: Look, files: Sequence[File], outcomes: Outcomes, cameras: Iterable[Camera]
) -> Group:
    told = [_seen(look, file, outcomes.get(file.name)) for file in files]
    like = next((one.id for one in cameras if _reads_below(one, files[0].name)), None)
    return Group(tuple(sorted(told, key=by_start)), look=look, like=like, zone=look.zone)


def _reads_below(camera: Camera, name: str) -> bool:
    """Whether a file would be the camera's if it lay in another folder."""
    parts = name.split("/")
    if parts[-1] in camera.clock.starts:
        return True
    for pattern in Naming.of(camera).patterns:
        folders = pattern.text.split("/")
        for depth in range(1, min(len(parts), len(folders)) + 1):
            below = NamePattern.of("/".join(folders[-depth:]))
            whole = below.tells("start") and not below.missing("start")
            if whole and below.read("/".join(parts[-depth:])) is not None:
                return True
    return False


def _seen(look: Look, file: File, outcome: Probed | SetAside | None) -> Told:
    """What can be said of a file of no camera."""
    known = Told(file.name, file.size_bytes, "unopened")
    times = look.read(file.name)
    starts: dict[ClockSource, dt.datetime] = {}
    if times is not None and times.start is not None:
        in_utc = times.start.tzinfo is None and look.zone == "UTC"
        starts["name"] = times.start.replace(tzinfo=dt.UTC) if in_utc else times.start
    if isinstance(outcome, Probed):
        if outcome.video.onvif_at is not None:
            starts["onvif"] = outcome.video.onvif_at
        if outcome.video.container_at is not None:
            starts["container"] = outcome.video.container_at
        known = replace(known, state="readable", video=outcome.video)
    taken: ClockSource | None = next(
        (s for s in ("name", "onvif", "container") if s in starts), None
    )
    known = replace(known, starts=starts, taken=taken, start=starts[taken] if taken else None)
    if file.outside:
        return replace(known, state="set_aside", reason="outside_root")
    if isinstance(outcome, SetAside):
        return replace(known, state="set_aside", reason=outcome.reason, kind=outcome.kind)
    return replace(known, state="no_clock") if outcome is not None and not starts else known
