"""What our launcher of Ray does otherwise than dagster-ray's."""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
import requests
import yaml
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher.base import LaunchRunContext, WorkerStatus

if importlib.util.find_spec("dagster_ray") is None:
    pytest.skip("no dagster-ray: pip install .[dev]", allow_module_level=True)

from ray.job_submission import JobStatus

from footfall_dagster.privacy import text
from footfall_dagster.ray_launcher import QuietRayRunLauncher

REPOSITORY = Path(__file__).resolve().parent.parent.parent.parent
SECRET = "a-password"


@dataclass
class Client:
    """Stands for Ray's head: takes jobs, and says of them what a test has it say."""

    jobs: list[Any] = field(default_factory=list)
    submitted: list[dict[str, Any]] = field(default_factory=list)
    is_away: bool = False
    refuses: Exception | None = None

    def get_job_info(self, submission: str) -> Any:
        if self.is_away:
            raise ConnectionError("no answer")
        for job in self.jobs:
            if job.submission_id == submission:
                return job
        raise RuntimeError(f"Request failed with status code 404: {submission} is not there.")

    def submit_job(self, **told: Any) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.submitted.append(told)


def job_of(run: dg.DagsterRun, status: JobStatus) -> Any:
    return SimpleNamespace(
        status=status,
        message="the entrypoint ended with code 1",
        submission_id=f"dagster-run-{run.run_id}",
        driver_agent_http_address="http://192.0.2.11:52365",
        entrypoint=f"dagster api execute_run {SECRET}",
        runtime_env={"env_vars": {"PASSWORD": SECRET}},
    )


@pytest.fixture
def run() -> dg.DagsterRun:
    return dg.DagsterRun(job_name="camera_day", status=dg.DagsterRunStatus.STARTED)


@pytest.fixture
def launcher() -> QuietRayRunLauncher:
    made = QuietRayRunLauncher(address="http://192.0.2.10:8265")
    made.__dict__["client"] = Client()
    return made


@dg.job
def camera_day() -> None:
    """A job of no op."""


@pytest.fixture
def instance(launcher: QuietRayRunLauncher, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        launcher.register_instance(made)
        yield made


def launch(launcher: QuietRayRunLauncher, instance: dg.DagsterInstance) -> None:
    """Launch a run as Dagster's queue does."""
    code = dg.reconstructable(camera_day).get_python_origin()
    run = instance.create_run_for_job(camera_day, job_code_origin=code)
    launcher.launch_run(LaunchRunContext(dagster_run=run, workspace=None))


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.RUNNING])
def test_a_job_that_waits_or_runs_goes_on(
    launcher: QuietRayRunLauncher, run: dg.DagsterRun, status: JobStatus
) -> None:
    launcher.client.jobs = [job_of(run, status)]
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.STOPPED, JobStatus.SUCCEEDED])
def test_a_run_whose_job_has_ended_has_failed_and_says_where(
    launcher: QuietRayRunLauncher, run: dg.DagsterRun, status: JobStatus
) -> None:
    launcher.client.jobs = [job_of(run, status)]
    found = launcher.check_run_worker_health(run)
    assert found.status is WorkerStatus.FAILED
    assert found.msg is not None
    assert status.value.lower() in found.msg
    assert "192.0.2.11" in found.msg
    assert "footfall doctor" in found.msg


def test_what_ray_says_of_a_dead_host_passes_the_gate(
    launcher: QuietRayRunLauncher, run: dg.DagsterRun
) -> None:
    job = job_of(run, JobStatus.FAILED)
    node = "6b12a08c2e11bb77f436c916d0aee983bbe54fb2cfddde7d694c4c61"
    # As Ray says it of a host that was switched off.
    job.message = (
        "Job supervisor actor died: The actor died unexpectedly before finishing this task.\n\t"
        "class_name: JobSupervisor\n\tactor_id: 7a0b8ddcbb450f7a36f6433601000000\n\tpid: 31519\n\t"
        f"name: _ray_internal_job_actor_dagster-run-{run.run_id}\n\t"
        "namespace: SUPERVISOR_ACTOR_RAY_NAMESPACE\n\tip: 192.0.2.11\n"
        f"The actor died because its node has died. Node Id: {node}\n\tthe actor's node was "
        "terminated unexpectedly: health check failed due to missing too many heartbeats"
    )
    launcher.client.jobs = [job]
    told = launcher.check_run_worker_health(run).msg or ""
    assert node not in told
    assert "its node has died" in told
    # As Dagster quotes it, twice.
    quoted = f"Detected run worker status {told}. Marking run {run.run_id} as failed.\n{told}"
    assert text.trouble(quoted) is None


def test_a_run_that_ray_forgot_has_failed(
    launcher: QuietRayRunLauncher, run: dg.DagsterRun
) -> None:
    other = dg.DagsterRun(job_name="camera_day")
    launcher.client.jobs = [job_of(other, JobStatus.RUNNING)]
    found = launcher.check_run_worker_health(run)
    assert found.status is WorkerStatus.FAILED
    assert "knows nothing of the run" in (found.msg or "")


def test_a_head_that_does_not_answer_ends_no_run(
    launcher: QuietRayRunLauncher, run: dg.DagsterRun
) -> None:
    launcher.client.is_away = True
    # Dagster's monitor fails a run whose state is unknown, and asks again after an error.
    with pytest.raises(ConnectionError):
        launcher.check_run_worker_health(run)


@pytest.mark.parametrize(
    "refusal",
    [
        ConnectionError("Failed to connect to Ray"),
        requests.exceptions.ConnectionError("refused"),
        requests.exceptions.ReadTimeout("late"),
        RuntimeError(f"Request failed with status code 500: Traceback {SECRET}."),
    ],
    ids=lambda refusal: f"{type(refusal).__module__}.{type(refusal).__name__}",
)
def test_a_run_waits_for_a_head_that_takes_no_job(
    launcher: QuietRayRunLauncher, instance: dg.DagsterInstance, refusal: Exception
) -> None:
    launcher.client.refuses = refusal
    with pytest.raises(DagsterUserCodeUnreachableError, match=r"192\.0\.2\.10") as raised:
        launch(launcher, instance)
    assert SECRET not in str(raised.value)
    assert raised.value.__suppress_context__


def test_a_job_that_the_head_refuses_for_good_ends_its_run(
    launcher: QuietRayRunLauncher, instance: dg.DagsterInstance
) -> None:
    launcher.client.refuses = RuntimeError("Request failed with status code 400: no such thing.")
    with pytest.raises(RuntimeError, match="400"):
        launch(launcher, instance)


def test_a_job_whose_submission_was_not_answered_is_not_submitted_twice(
    launcher: QuietRayRunLauncher, instance: dg.DagsterInstance
) -> None:
    launcher.client.refuses = RuntimeError(
        "Request failed with status code 400: ValueError: Job with submission_id dagster-run-1 "
        "already exists. Please use a different submission_id."
    )
    launch(launcher, instance)


def test_what_is_told_of_a_job_is_not_its_environment(
    launcher: QuietRayRunLauncher, run: dg.DagsterRun
) -> None:
    launcher.client.jobs = [job_of(run, JobStatus.FAILED)]
    told = launcher.get_run_worker_debug_info(run)
    assert told is not None
    assert "192.0.2.11" in told
    assert SECRET not in told + str(launcher.check_run_worker_health(run).msg)


def test_its_instance_is_that_of_several_machines_but_for_the_launcher() -> None:
    ours, theirs = (
        yaml.safe_load((REPOSITORY / "deploy" / path).read_text())
        for path in ("ray/dagster.yaml", "dagster.yaml")
    )
    launcher = ours.pop("run_launcher")
    assert (launcher["module"], launcher["class"]) == (
        QuietRayRunLauncher.__module__,
        QuietRayRunLauncher.__name__,
    )
    waits = "start_timeout_seconds"
    patience, usual = (one["run_monitoring"].pop(waits) for one in (ours, theirs))
    assert patience > usual
    assert ours == theirs
