"""Non-interference: that nothing of a face or a body flows past the detector's boxes.

Belongs here: what is claimed, which runs it takes, and what follows from comparing them. Does not
belong here: the runs themselves and what is compared (`footfall_dagster.privacy.noninterference`).

A camera-day is run once as it was filmed, and what the detector says of each frame is kept in
memory: boxes, scores, times; and so are the stretches in which the camera was moved, covered or in
the dark. Then the whole pipeline runs again and again, from the same files to marts and report,
through the real assets, the real wall and the real warehouse, into a folder that is thrown away.
Each time the same boxes come at the same times, with other appearance vectors beside them, and
every frame shows something else as soon as it is decoded. What stands right of the wall afterwards
has to be the same, byte for byte.

What that proves of the camera-day: the pipeline repeats itself, and what may be kept is a function
of boxes, scores, times, those stretches and the bytes of the files. An id made from a vector, an
order of rows, a low bit, a choice between equals, a length, a name or a line in Dagster's log that
follows from pixels or vectors would be another one in another run. One of the runs is no other at
all: where that one differs, the pipeline does not repeat itself, and so nothing is proved.

What it does not prove. The boxes themselves follow from pixels, and where people walk can tell who
they are: coarsening, retention and the release policy answer for that. The stretches follow from
pixels too, from whole views over ten seconds and more. A leak that spells one bit in a whole day is
missed by each draw with even chance, so by n draws with chance 1 in 2^n. What no run of the day
comes by is not seen, nor what a sabotaged program does only when it is not watched. How long
anything takes is not compared, nor when: a run's times and its process are no two times the same.
`camera_exports` holds the hash of each file, which follows from its pixels by design. Where a site
compares people's appearance or guesses their age, what is kept follows from vectors by design, and
nothing is claimed; nor where it leaves out who wears a tag, since that is read in pixels.
"""

import datetime as dt
import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg

from assets.marts.inputs import EVENTS
from footfall_dagster.definitions import build_definitions
from footfall_dagster.jobs import CAMERA_DAY, SITE_DAY
from footfall_dagster.privacy.findings import Evidence, Finding
from footfall_dagster.privacy.noninterference import proof_folder
from footfall_dagster.privacy.noninterference.compare import Difference, differences
from footfall_dagster.privacy.noninterference.disguise import REFERENCE, Disguise, disguises
from footfall_dagster.privacy.noninterference.run import Build, Outcome, Say, Task, carry_out
from footfall_dagster.settings import Settings
from vision.protocols import Detector
from vision.site.load import load_site
from vision.site.models import Site

CHECK = "non_interference"
_NOTHING_LEFT = (
    "{}: no recordings of {} are in {}, or no longer, and without frames nothing can be shown"
)


class NotProvable(Exception):  # noqa: N818 - says what it is
    """Nothing can be claimed of this day or site; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of thing that was compared.

    Attributes:
        group: What it is: a dataset of the lake, a DuckDB file, the reports, what Dagster was told.
        items: How many of it the run as filmed left: files, tables, steps.
        rows: Rows in them, events for Dagster; 0 where rows mean nothing.
        bytes: That were compared.
        different: Of how many the bytes differ, for each run in order.
    """

    group: str
    items: int
    rows: int
    bytes: int
    different: tuple[int, ...]


@dataclass(frozen=True)
class Proof:
    """What came of it.

    Attributes:
        runs: What was shown in each run that was compared with the one as filmed; the first showed
            the same once more.
        changed: Frames that showed something else, for each run in order.
        frames: Frames that the detector was asked about.
        boxes: Boxes that it gave.
        table: What was compared.
        evidence: The check, as all checks of the wall state themselves.
    """

    runs: tuple[Disguise, ...]
    changed: tuple[int, ...]
    frames: int
    boxes: int
    table: tuple[Line, ...]
    evidence: Evidence


def as_shipped(
    settings: Settings, supplied: Mapping[str, Any], loggers: Mapping[str, dg.LoggerDefinition]
) -> dg.Definitions:
    """The code location as Dagster loads it, but for what the proof supplies."""
    return build_definitions(settings, resources=supplied, loggers=loggers)


def prove(
    settings: Settings,
    day: dt.date,
    cameras: Sequence[str] = (),
    *,
    draws: int = 2,
    others: Path | None = None,
    jobs: tuple[str, ...] = (CAMERA_DAY, SITE_DAY),
    build: Build = as_shipped,
    detector: Detector | None = None,
    apart: bool = True,
    say: Say = print,
) -> Proof:
    """Run a day as filmed, again, and in `draws` disguises; compare what each leaves.

    Args:
        settings: Where the site's files, recordings and weights are. Nothing that was made before
            is read or touched.
        day: The trading day; its recordings must still be there.
        cameras: Ids; all of the day where none is given.
        draws: Runs with other vectors and other pixels.
        others: Recordings by the same names, of the same walks by other people, for some of them.
        jobs: `camera_day` alone, or with `site_day`.
        build: What is proved: makes a code location from settings, resources and loggers.
        detector: Asked once about every frame; that of the settings where none is given.
        apart: Each run in a process of its own, so that nothing it remembers reaches the next.
            What is given here must then be such that it can be sent to one.
        say: Told what is being done.

    Raises:
        NotProvable: Nothing can be claimed of this site or day.
        LockTimeoutError: Another proof of the same home is going on.
    """
    began = time.monotonic()
    site = load_site(settings.site)
    _refuse_by_design(site)
    first = Task(
        settings=settings,
        home=proof_folder.folder(settings.home),
        day=day,
        cameras=cameras_to_prove(settings, site, day, cameras),
        jobs=jobs,
        build=build,
        detector=detector,
        disguise=REFERENCE,
        others=others,
    )
    with proof_folder.only_proof(settings.home):
        say(f"1 of {draws + 2}: as filmed; the detector looks at every frame, this once")
        reference = _carried_out(first, say, apart)
        runs: list[tuple[Disguise, Outcome]] = []
        shown = [REFERENCE, *disguises(draws, others is not None)]
        for number, disguise in enumerate([] if reference.failures else shown, 2):
            again = ", once more" if disguise == REFERENCE else ""
            say(f"{number} of {draws + 2}: {disguise.pixels}{again}")
            task = replace(first, disguise=disguise, recorded=reference.recorded)
            runs.append((disguise, _carried_out(task, say, apart)))
    return _judged(first, reference, runs, began)


def cameras_to_prove(
    settings: Settings, site: Site, day: dt.date, named: Sequence[str]
) -> tuple[str, ...]:
    """The cameras that are named, or all that have recordings of `day`.

    Raises:
        NotProvable: There is no such camera or day, or nothing was recorded or is left of it.
    """
    if not site.file.trades_on(day):
        raise NotProvable(f"{day} is no trading day of {site.id}")
    site_day = site.on(day)
    if unknown := sorted(set(named) - site_day.cameras.keys()):
        raise NotProvable(
            f"{site.id} has no camera {', '.join(unknown)} on {day}; it has "
            f"{', '.join(sorted(site_day.cameras))}"
        )
    recordings = settings.exports
    at_hand = {name for name, one in site_day.cameras.items() if recordings.find(site_day, one)}
    if without := sorted(set(named) - at_hand):
        raise NotProvable(_NOTHING_LEFT.format(", ".join(without), day, settings.recordings))
    if not at_hand:
        raise NotProvable(_NOTHING_LEFT.format(site.id, day, settings.recordings))
    return tuple(sorted(set(named) or at_hand))


def _refuse_by_design(site: Site) -> None:
    privacy = site.file.privacy
    if privacy.appearance != "off":
        raise NotProvable(
            f"{site.id} compares people's appearance (privacy.appearance in site.yaml), so its "
            "tracks follow from appearance vectors by design and non-interference is not claimed"
        )
    if privacy.age_gender is not None:
        raise NotProvable(
            f"{site.id} guesses age and gender (privacy.age_gender in site.yaml), so its histogram "
            "follows from faces by design and non-interference is not claimed"
        )
    if privacy.opt_out_tag is not None:
        raise NotProvable(
            f"{site.id} leaves out who wears a tag (privacy.opt_out_tag in site.yaml), so which "
            "boxes are kept follows from pixels by design and non-interference is not claimed; "
            "prove a copy of the site without it"
        )


def _carried_out(task: Task, say: Say, apart: bool) -> Outcome:
    if not apart:
        return carry_out(task, say)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(carry_out, task, say).result()


def _judged(
    first: Task, reference: Outcome, runs: Sequence[tuple[Disguise, Outcome]], began: float
) -> Proof:
    found = {disguise: differences(reference.remains, one.remains) for disguise, one in runs}
    unread = [Finding("the run as filmed", "", why, 1.0) for why in reference.failures]
    if not unread:
        unread = list(_nothing_to_go_by(reference))
    findings = []
    for disguise, outcome in runs:
        if outcome.failures:
            # What it left up to there says nothing that the failure does not.
            found[disguise] = []
        findings += [_failed(disguise, why) for why in outcome.failures]
        findings += [_finding(disguise, one) for one in found[disguise]]
        unread += _not_disguised(disguise, reference, outcome)
    table = _table(reference, [found[disguise] for disguise, _ in runs])
    return Proof(
        runs=tuple(disguise for disguise, _ in runs),
        changed=tuple(sum(outcome.changed.values()) for _, outcome in runs),
        frames=sum(len(recorded.seen) for recorded in reference.recorded.values()),
        boxes=sum(recorded.boxes for recorded in reference.recorded.values()),
        table=table,
        evidence=Evidence(
            check=CHECK,
            scope=f"{', '.join(first.cameras)} on {first.day}: what {len(runs)} runs with the same "
            "boxes, scores and times leave right of the wall, byte for byte",
            files=sum(line.items for line in table),
            bytes=sum(line.bytes for line in table),
            rows=sum(line.rows for line in table),
            seconds=round(time.monotonic() - began, 3),
            findings=tuple(findings),
            unread=tuple(unread),
        ),
    )


def _nothing_to_go_by(reference: Outcome) -> Iterator[Finding]:
    """Cameras of which any pipeline would leave the same, since there is nothing to leave."""
    for camera, recorded in sorted(reference.recorded.items()):
        if not recorded.seen:
            yield Finding("recordings", camera, "no frame of the day can be decoded", 1.0)
        elif not recorded.boxes:
            why = "nobody is seen all day, so nothing is shown; prove other cameras (--camera)"
            yield Finding("recordings", camera, why, 1.0)
    groups = {f"lake/{contract.name}" for contract in EVENTS}
    events = sum(one.rows for one in reference.remains.values() if one.group in groups)
    if not events and any(recorded.boxes for recorded in reference.recorded.values()):
        why = "nothing of anybody is kept of the day, so nothing is shown"
        yield Finding("the lake", "right of the wall", why, 1.0)


def _not_disguised(disguise: Disguise, reference: Outcome, outcome: Outcome) -> Iterator[Finding]:
    """Cameras of which a run in disguise showed what had been filmed."""
    if disguise == REFERENCE or outcome.failures:
        return
    for camera, recorded in sorted(reference.recorded.items()):
        if recorded.seen and not outcome.changed.get(camera):
            why = f"the same pixels though {disguise.pixels}"
            yield Finding("frames", camera, why, 1.0)


def _failed(disguise: Disguise, why: str) -> Finding:
    return Finding("the run", f"{disguise.pixels}: {why}", "failed where it had not as filmed", 1.0)


def _finding(disguise: Disguise, difference: Difference) -> Finding:
    kind = (
        f"does not repeat itself: {difference.how}"
        if disguise == REFERENCE
        else f"follows from pixels or vectors: {difference.how}"
    )
    return Finding(difference.place, str(disguise), kind, 1.0)


def _table(reference: Outcome, found: Sequence[Sequence[Difference]]) -> tuple[Line, ...]:
    groups: dict[str, list[tuple[int, int]]] = {}
    for item in reference.remains.values():
        groups.setdefault(item.group, []).append((item.rows, len(item.content)))
    for one in (difference for run in found for difference in run):
        groups.setdefault(one.group, [])
    return tuple(
        Line(
            group,
            len(items),
            sum(rows for rows, _ in items),
            sum(size for _, size in items),
            tuple(sum(one.group == group for one in run) for run in found),
        )
        for group, items in sorted(groups.items())
    )
