"""One run of the whole pipeline over a day, in disguise, into a home that is thrown away.

Belongs here: carrying out the jobs of a day with a detector that records or replays, and reading
what they left. Does not belong here: which runs there are and what they show
(`footfall_dagster.privacy.prove`).
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from assets.plan import SitePlan
from footfall_dagster import resources
from footfall_dagster.day import progress_logger, why_failed
from footfall_dagster.jobs import CAMERA_DAY
from footfall_dagster.privacy.noninterference import proof_folder
from footfall_dagster.privacy.noninterference.disguise import Disguise, DisguisedRecordings
from footfall_dagster.privacy.noninterference.remains import Item, of_home, of_run
from footfall_dagster.privacy.noninterference.replay import (
    Boundary,
    Recorded,
    RecordingDetector,
    ReplayingDetector,
    WatchBoundary,
)
from footfall_dagster.settings import Settings
from vision.protocols import Detector
from vision.site.load import load_site

Say = Callable[[str], None]
Build = Callable[[Settings, Mapping[str, Any], Mapping[str, dg.LoggerDefinition]], dg.Definitions]
"""Makes the code location that is proved from settings, resources and loggers."""


@dataclass(frozen=True)
class Task:
    """One run to carry out; can be sent to another process.

    Attributes:
        settings: Of the site whose day it is; only its recordings and models are touched.
        home: A folder for all that the run makes. Every run has the same, so that nothing it writes
            can differ by a path; it is emptied before and after.
        day: The trading day.
        cameras: Those that are run.
        jobs: Names of the jobs: camera-days alone, or the site-day after them.
        build: What is proved.
        detector: Asked about the frames of the first run; None stands for that of the settings.
        disguise: What is shown.
        others: Recordings of the same walks by other people.
        recorded: What the detector said, by camera; None where it is yet to be asked.
    """

    settings: Settings
    home: Path
    day: dt.date
    cameras: tuple[str, ...]
    jobs: tuple[str, ...]
    build: Build
    detector: Detector | None
    disguise: Disguise
    others: Path | None = None
    recorded: Mapping[str, Recorded] | None = None


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        remains: All that it left right of the wall, by name.
        recorded: What the detector said, by camera.
        changed: Frames of each camera that were given in disguise and were not what had been
            filmed.
        failures: What did not come to its end, by our own names; empty where all did.
    """

    remains: dict[str, Item] = field(default_factory=dict)
    recorded: dict[str, Recorded] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def carry_out(task: Task, say: Say) -> Outcome:
    """Run the jobs of `task` and read what they leave; nothing of it stays on disk."""
    outcome = Outcome()
    _empty(task.home)
    try:
        with dg.DagsterInstance.ephemeral() as instance:
            _run_all(task, instance, outcome, say)
        outcome.remains |= of_home(task.home)
    except (OSError, duckdb.Error) as error:
        outcome.failures.append("reading what the run left")
        say(f"what the run left cannot be read ({type(error).__name__})")
    finally:
        _empty(task.home)
    return outcome


def _empty(home: Path) -> None:
    proof_folder.empty(home)
    home.mkdir(parents=True)


def _run_all(task: Task, instance: dg.DagsterInstance, outcome: Outcome, say: Say) -> None:
    plan = SitePlan(load_site(task.settings.site))
    instance.add_dynamic_partitions(plan.cameras.name or "", list(task.cameras))
    for camera in task.cameras if CAMERA_DAY in task.jobs else ():
        detector = _detector(task, plan, camera)
        key = dg.MultiPartitionKey({"date": task.day.isoformat(), "camera": camera})
        boundary = {
            "detector": Boundary(detector),
            "new_watch": WatchBoundary(resources.new_watch, detector),
        }
        _run(task, instance, CAMERA_DAY, key, boundary, outcome, say)
        if isinstance(detector, ReplayingDetector):
            outcome.changed[camera] = detector.changed
        else:
            outcome.recorded[camera] = detector.recorded
    for job in task.jobs:
        if job != CAMERA_DAY and not outcome.failures:
            _run(task, instance, job, task.day.isoformat(), {}, outcome, say)


def _detector(task: Task, plan: SitePlan, camera: str) -> RecordingDetector | ReplayingDetector:
    if task.recorded is not None:
        return ReplayingDetector(task.recorded[camera], task.disguise.vectors)
    # With the settings of the site: weights and compiled models lie below its own home.
    real = task.detector or resources.build(task.settings, plan.site)["detector"]
    return RecordingDetector(real, task.disguise.vectors)


def _run(
    task: Task,
    instance: dg.DagsterInstance,
    job: str,
    partition: str,
    supplied: Mapping[str, Any],
    outcome: Outcome,
    say: Say,
) -> None:
    # Wherever the store is: a proof stays on this machine, and is swept with its folder.
    settings = task.settings.model_copy(update={"home": task.home, "store": None})
    recordings = DisguisedRecordings(
        settings.recordings, settings.s3_endpoint, task.disguise, task.others
    )
    definitions = task.build(
        settings, {"recordings": recordings, **supplied}, {"progress": progress_logger(say)}
    )
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        partition_key=partition,
        # Dagster makes versions of data from a run's id. So that these can be compared too, the run
        # of a partition has the same id each time; every instance is a new one.
        run_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{job} {partition}")),
        run_config={"loggers": {"progress": {}}},
        raise_on_error=False,
    )
    outcome.remains |= of_run(instance, result.run_id, job, partition)
    if not result.success:
        # Said to whoever looks on and kept nowhere: an exception may hold anything.
        for why in why_failed(partition, result):
            say(why)
        outcome.failures.extend(f"{partition}, {step}" for step in result.get_failed_step_keys())
