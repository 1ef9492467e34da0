"""Simulate a stretch of a trading day: recordings of every camera, and the truth beside them.

Belongs here: the order of the work, and its record in a manifest. Does not belong here: how any
step is done.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from queue import Empty
from typing import Any

import numpy as np

from vision.simulate.itinerary import arrivals, crowd
from vision.simulate.manifest import instant, read_manifest, site_digest, write_manifest
from vision.simulate.plan import FloorPlan
from vision.simulate.record import Shoot, file_names, film
from vision.simulate.staff import STAFF, staff
from vision.simulate.tagging import SIDE_M, wearers
from vision.simulate.truth import FOLDER, gate_crossings, write_truth
from vision.simulate.walk import Walk, walk
from vision.site.models import SiteDay
from vision.site.privacy import OptOutTag

DEMO_PEOPLE_PER_MINUTE = 6.0
"""The density at which gate counts are compared with the truth."""

DENSEST_PEOPLE_PER_MINUTE = 30.0
"""The density at which trackers lose people as they do in real crowds."""

_VERSION = 2
_EDGE_S = 2.0

Report = Callable[[str, int, int], None]
"""Called with a camera, its frames done and its frames in all."""


@dataclass(frozen=True, slots=True)
class SimulationSummary:
    """What a simulation made.

    Attributes:
        out: The folder of recordings.
        truth: The folder of the truth.
        files: Recordings by camera, below `out`.
        people: Number of people in the truth.
        crossings: True crossings by gate and direction (`in`, `out`).
        already_there: The same simulation had been made before; nothing was done.
    """

    out: Path
    truth: Path
    files: dict[str, list[str]]
    people: int
    crossings: dict[str, dict[str, int]]
    already_there: bool = False


def simulate(
    site_day: SiteDay,
    out: Path,
    *,
    start: dt.time = dt.time(10),
    minutes: float = 4,
    seed: int = 1,
    people_per_minute: float = DEMO_PEOPLE_PER_MINUTE,
    fps: int = 10,
    size: tuple[int, int] | None = None,
    cast: int | None = None,
    tagged: int = 0,
    tag: OptOutTag | None = None,
    processes: int = 2,
    progress: Report | None = None,
) -> SimulationSummary:
    """Render the recordings of every calibrated camera, and write the truth under `out`/truth.

    The same arguments give the same bytes; where they have been carried out already, nothing is
    done. Other arguments replace what an earlier simulation left in `out`.

    Args:
        site_day: The site as it stands on the day to simulate.
        out: Folder of recordings; each camera's `exports` pattern is below it.
        start: Local time of the first frame.
        minutes: Length of the recordings.
        seed: Of everything that is drawn at random.
        people_per_minute: Mean of the Poisson process by which people arrive, on each floor.
        fps: Frames per second of the recordings.
        size: Width and height of the frames, instead of the camera file's.
        cast: Seed of how people look, instead of `seed`: the same walks by other people.
        tagged: How many visitors wear an opt-out tag: they are filmed, and the truth leaves them
            out as the product has to. Their boxes are in a file of their own.
        tag: What they wear; without it, what the site asks for, else a common tag, of `SIDE_M`.
        processes: Cameras that are rendered at a time.
        progress: Told about frames done.

    Raises:
        ValueError: No camera is calibrated, or file names would collide.
    """
    cameras = [c for _, c in sorted(site_day.cameras.items()) if c.calibrated]
    if not cameras:
        raise ValueError(f"site {site_day.site.id}: no camera with calibration pairs to render")
    begin = instant(site_day, start)
    seconds = max(1, round(minutes * 60))
    files = {camera.id: file_names(site_day, camera, begin, seconds) for camera in cameras}
    truth = out / FOLDER
    asked = site_day.site.file.privacy.opt_out_tag or OptOutTag()
    worn = tag or asked.model_copy(update={"side_m": SIDE_M})
    arguments = {
        "version": _VERSION,
        "site": site_digest(site_day),
        "day": site_day.day.isoformat(),
        "start": start.isoformat(),
        "seconds": seconds,
        "seed": seed,
        "people_per_minute": people_per_minute,
        "fps": fps,
        "size": list(size) if size else None,
        # Left out where it is not given, so that what was rendered before it could be stays.
        **({} if cast is None else {"cast": cast}),
        **({"tagged": tagged, "tag": worn.model_dump()} if tagged else {}),
    }
    made = read_manifest(truth)
    if made.get("arguments") == arguments and made.get("summary") and _all_there(out, made):
        return SimulationSummary(out, truth, made["files"], **made["summary"], already_there=True)
    for name in (name for names in made.get("files", {}).values() for name in names):
        (out / name).unlink(missing_ok=True)
    # Written first without a summary, so that an interrupted simulation is cleared away.
    write_manifest(truth, {"arguments": arguments, "files": files})
    floors = _walked(site_day, sorted({c.floor for c in cameras}), seconds, seed, people_per_minute)
    left_out = wearers([one for _, walks in floors for one in walks], tagged, seed)
    counted = [
        (plan, [one for one in walks if one.person.number not in left_out])
        for plan, walks in floors
    ]
    crossed = write_truth(truth, site_day, begin, counted)
    by_floor = {plan.floor: walks for plan, walks in floors}
    shoots = [
        Shoot(
            site_day,
            c.id,
            by_floor[c.floor],
            out,
            truth,
            begin,
            seconds,
            fps,
            seed,
            seed if cast is None else cast,
            size,
            worn,
            left_out,
        )
        for c in cameras
    ]
    _film_all(shoots, processes, progress)
    counts = Counter((crossing.gate, crossing.direction) for crossing in crossed)
    summary: dict[str, Any] = {
        "people": sum(len(walks) for _, walks in counted),
        "crossings": {
            gate: {direction: counts[gate, direction] for direction in ("in", "out")}
            for plan, _ in floors
            for gate in plan.doors
        },
    }
    write_manifest(truth, {"arguments": arguments, "files": files, "summary": summary})
    return SimulationSummary(out, truth, files, **summary)


def _walked(
    site_day: SiteDay, floors: list[str], seconds: int, seed: int, people_per_minute: float
) -> list[tuple[FloorPlan, list[Walk]]]:
    """People on each floor, numbered over all floors."""
    result: list[tuple[FloorPlan, list[Walk]]] = []
    numbered = 0
    for index, floor in enumerate(floors):
        rng = np.random.default_rng([seed, index])
        plan = FloorPlan.of(site_day, floor)
        people = crowd(rng, plan, arrivals(rng, people_per_minute, seconds), numbered)
        people += staff(rng, plan, STAFF, numbered + len(people), _EDGE_S, seconds)
        numbered += len(people)
        walks = walk(plan, people, seconds)
        # A crossing that the first or last moment cuts off is true or not depending on how one
        # looks; whoever does that never came.
        kept = [
            one
            for one in walks
            if all(_EDGE_S <= c.at <= seconds - _EDGE_S for c in gate_crossings(plan, one))
        ]
        result.append((plan, kept))
    return result


def _film_all(shoots: list[Shoot], processes: int, progress: Report | None) -> None:
    done: Counter[str] = Counter()
    totals = {shoot.camera: shoot.frames for shoot in shoots}

    def report(camera: str, frames: int) -> None:
        done[camera] += frames
        if progress is not None:
            progress(camera, done[camera], totals[camera])

    if processes <= 1 or len(shoots) == 1:
        for shoot in shoots:
            film(shoot, report)
        return
    context = get_context("spawn")
    with context.Manager() as manager:
        queue = manager.Queue()
        with ProcessPoolExecutor(min(processes, len(shoots)), mp_context=context) as pool:
            waiting = {pool.submit(_film_and_report, shoot, queue) for shoot in shoots}
            while waiting:
                with suppress(Empty):
                    report(*queue.get(timeout=0.2))
                for future in {future for future in waiting if future.done()}:
                    waiting.remove(future)
                    future.result()
            while not queue.empty():
                report(*queue.get())


def _film_and_report(shoot: Shoot, queue: Any) -> None:
    film(shoot, lambda camera, frames: queue.put((camera, frames)))


def _all_there(out: Path, made: dict[str, Any]) -> bool:
    return all((out / name).is_file() for names in made["files"].values() for name in names)
