"""What a camera-day of twelve hours takes: memory as it goes on, step by step, in a real run.

Run: python -m bench.long_day --footage FOLDER [--hours 1 12] [--per-minute 4]

People are simulated and filmed by the arcade's first camera, no hour like another, into FOLDER,
where a second call finds them. Then the camera-day is materialised as Dagster does it, once for
each of --hours, of which only the first so many are recorded, in a process of its own; what it and
all that it starts hold is added up four times a second. Filming twelve hours takes half an hour on
two cores, and so does looking at them.
"""

import argparse
import datetime as dt
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from bench.spent import children_s, held_mb

EXAMPLE = Path(__file__).parents[1] / "examples" / "arcade"
CAMERA, DAY, OPENS, FPS = "cam_entrance", dt.date(2026, 3, 14), dt.time(9), 5
_HOUR_S = 3600
_EVERY_S = 0.25


@dataclass(frozen=True)
class Ran:
    """One camera-day that was materialised.

    Attributes:
        samples: (n, 2) seconds since the epoch, and megabytes held then.
        steps: Of each step when it began and ended, seconds since the epoch.
        shares: (m, 2) when detection had done which share of its frames.
        boxes: Detections.
        processor_s: Of the whole run.
    """

    samples: np.ndarray
    steps: dict[str, tuple[float, float]]
    shares: np.ndarray
    boxes: int
    processor_s: float

    def most(self, begins: float, ends: float) -> float:
        """Megabytes at most between two moments."""
        at = self.samples[:, 0]
        return float(self.samples[(at >= begins) & (at <= ends), 1].max(initial=0))


def filmed(folder: Path, hours: int, per_minute: float) -> Path:
    """The site and its recordings below `folder`; hours that are there are not filmed again."""
    from vision.simulate.itinerary import arrivals, crowd
    from vision.simulate.plan import FloorPlan
    from vision.simulate.record import Shoot, film
    from vision.simulate.walk import walk
    from vision.site.load import load_site

    site = folder / "site"
    shutil.copytree(EXAMPLE, site, dirs_exist_ok=True)
    described = site / "site.yaml"
    described.write_text(described.read_text().replace('"18:00"', '"21:00"'))
    day = load_site(site).on(DAY)
    plan = FloorPlan.of(day, day.cameras[CAMERA].floor)
    for hour in range(hours):
        truth = folder / "truth" / str(hour)
        if truth.exists():
            continue
        dice = np.random.default_rng([1, hour])
        people = crowd(dice, plan, arrivals(dice, per_minute, _HOUR_S))
        print(f"filming hour {hour + 1} of {hours}, {len(people)} people", flush=True)
        film(
            Shoot(
                day=day,
                camera=CAMERA,
                walks=walk(plan, people, _HOUR_S),
                out=folder / "recordings",
                truth=truth.with_name("unfinished"),
                start=dt.datetime.combine(DAY, OPENS, dt.UTC) + dt.timedelta(hours=hour),
                seconds=_HOUR_S,
                fps=FPS,
                seed=hour,
                cast=hour,
                size=None,
            )
        )
        truth.with_name("unfinished").rename(truth)
    return site


def ran(folder: Path, hours: float) -> Ran:
    """Materialise the camera-day of the first so many hours, watching what it holds."""
    # Beside the footage, since exports are linked and no link of another kind is followed.
    with tempfile.TemporaryDirectory(prefix="run-", dir=folder) as scratch:
        home = Path(scratch)
        recordings = home / "recordings" / CAMERA
        recordings.mkdir(parents=True)
        files = sorted((folder / "recordings" / CAMERA).glob("*.mp4"))
        ends = f"{DAY:%Y%m%d}_{OPENS.hour + hours:02.0f}"
        for file in files:
            if file.name < f"{CAMERA}_{ends}":
                (recordings / file.name).hardlink_to(file)
        command = [sys.executable, "-m", "bench.long_day", "--run", str(folder / "site"), scratch]
        used = children_s()
        with (home / "said").open("w") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said)
            samples = []
            while process.poll() is None:
                samples.append((time.time(), held_mb(process.pid)))
                time.sleep(_EVERY_S)
        if process.returncode:
            raise SystemExit((home / "said").read_text()[-2000:])
        told = json.loads((home / "told.json").read_text())
    if not told["boxes"]:
        raise SystemExit("nobody was seen: are the recordings whole?")
    return Ran(
        np.array(samples),
        {name: (begins, ends) for name, begins, ends in told["steps"]},
        np.array(told["shares"]).reshape(-1, 2),
        told["boxes"],
        children_s() - used,
    )


def _run(site: Path, home: Path) -> None:
    """In the process that is watched: one camera-day, as Dagster runs it."""
    import dagster as dg

    from footfall_dagster.day import progress_logger
    from footfall_dagster.definitions import build_definitions
    from footfall_dagster.jobs import CAMERA_DAY
    from footfall_dagster.lake import CameraDay, Lake
    from footfall_dagster.settings import Settings
    from vision.contracts import DETECTIONS
    from vision.site.load import load_site

    settings = Settings(site=site, home=home, recordings=home / "recordings")
    definitions = build_definitions(settings, loggers={"progress": progress_logger(print)})
    key = dg.MultiPartitionKey({"date": str(DAY), "camera": CAMERA})
    (home / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
        instance.add_dynamic_partitions("arcade_cameras", [CAMERA, "cam_shops"])
        result = definitions.resolve_job_def(CAMERA_DAY).execute_in_process(
            instance=instance, partition_key=key
        )
        logs = instance.all_logs(result.run_id)
    begun: dict[str, float] = {}
    steps, shares = [], []
    for entry in logs:
        event = entry.dagster_event
        if event is None and "% of about" in entry.message:
            share = entry.message.split(": ")[-1].split("%")[0]
            shares.append((entry.timestamp, float(share) / 100))
        elif event is not None and event.is_step_start:
            begun[str(event.step_key)] = entry.timestamp
        elif event is not None and event.is_step_success:
            steps.append((event.step_key, begun[str(event.step_key)], entry.timestamp))
    boxes = Lake(settings.lake, load_site(site)).read(DETECTIONS, CameraDay(DAY, CAMERA)).height
    told = {"steps": steps, "shares": shares, "boxes": boxes}
    (home / "told.json").write_text(json.dumps(told))


def _table(runs: Sequence[tuple[float, Ran]]) -> list[str]:
    """Megabytes at most in each step, a column for each length of day."""
    steps = dict.fromkeys(step for _, run in runs for step in run.steps)
    # A check of a few milliseconds falls between two looks.
    seen = [step for step in steps if all(run.most(*run.steps[step]) for _, run in runs)]
    most = {step: [f"{run.most(*run.steps[step]):.0f}" for _, run in runs] for step in seen}
    rows = {
        "MB at most": [f"{hours:g} h" for hours, _ in runs],
        "---": ["---"] * len(runs),
        **most,
        "the whole run": [f"{run.samples[:, 1].max():.0f}" for _, run in runs],
        "*boxes*": [f"{run.boxes}" for _, run in runs],
        "*processor-s per s of video*": [
            f"{run.processor_s / hours / 3600:.3f}" for hours, run in runs
        ],
    }
    return [f"| {' | '.join([name, *cells])} |" for name, cells in rows.items()]


def _by_hour(hours: float, run: Ran) -> list[str]:
    """Megabytes at most while detection goes through each hour."""
    begins, ends = next(span for name, span in run.steps.items() if "detect" in name)
    at = np.concatenate([[begins], run.shares[:, 0], [ends]])
    share = np.concatenate([[0.0], run.shares[:, 1], [1.0]])
    bounds = np.interp(np.arange(int(hours) + 1) / hours, share, at)
    lines = ["| detection, hour | MB at most |", "|---|---|"]
    for number, (first, last) in enumerate(pairwise(bounds), 1):
        lines.append(f"| {number} | {run.most(first, last):.0f} |")
    return lines


def main() -> None:
    """Film, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--footage", type=Path, help="folder of what is filmed")
    parser.add_argument("--hours", type=int, nargs="+", default=[1, 12])
    parser.add_argument("--per-minute", type=float, default=4.0, help="people who come")
    parser.add_argument("--run", type=Path, nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        _run(*asked.run)
        return
    if asked.footage is None:
        parser.error("--footage FOLDER is needed")
    filmed(asked.footage, max(asked.hours), asked.per_minute)
    runs = []
    for hours in asked.hours:
        print(f"running {hours} hours", flush=True)
        runs.append((float(hours), ran(asked.footage, hours)))
    print("\n".join(["", *_table(runs), "", *_by_hour(*runs[-1])]))


if __name__ == "__main__":
    main()
