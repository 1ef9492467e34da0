"""Runs on a Ray cluster: dagster-ray's launcher, with what our promises ask of it.

Belongs here: what differs from dagster-ray's own. Does not belong here: which runs go first
(dagster.yaml), which slots a run takes (the tags of its job).
"""

import re
from typing import TYPE_CHECKING

from dagster import DagsterRun
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster_ray import RayRunLauncher
from dagster_ray.core.run_launcher import get_job_submission_id_from_run_id

if TYPE_CHECKING:
    from ray.dashboard.modules.job.pydantic_models import JobDetails

_UNKNOWN = "status code 404"
"""Of what Ray's client raises about a job that the head does not know."""
_AT_FAULT = "status code 5"
"""Of what it raises where the head answers, and cannot do what it should."""
_TAKEN = "already exists"
"""Of what it raises about a job that the head has."""
_LONG_ID = re.compile(r"[0-9a-f]{16,}")
_SHOWN_LETTERS = 700
WHAT_TO_DO = (
    "A run that could not say itself why it ended was killed, had no memory left, or could not "
    "reach PostgreSQL; `footfall doctor` on that host tries all that a run uses"
)


class QuietRayRunLauncher(RayRunLauncher):
    """Submits each run as a job to Ray, as dagster-ray does, with four differences.

    - What a run prints is kept nowhere. Ray keeps it in a file on the worker and quotes its end
      where the job fails, and what a process prints cannot be gated (see dagster.yaml).
    - Of a job, its state and its host are told, and not its environment.
    - A head that does not answer for now is no reason to give a run up that goes on elsewhere:
      Dagster would begin the same camera-day a second time.
    - Nor to fail what is queued, which stays in the queue.
    """

    def _launch_ray_job(self, submission_id: str, entrypoint: str, run: DagsterRun) -> None:
        """Submit the job of a run.

        Raises:
            DagsterUserCodeUnreachableError: Ray's head does not answer. It is what Dagster's queue
                takes for a reason to wait; any other error it takes for the end of the run.
        """
        try:
            super()._launch_ray_job(submission_id, f"{entrypoint} >/dev/null 2>&1", run)
        except (OSError, RuntimeError) as error:
            if _TAKEN in str(error):
                # It was submitted before, and the head's answer was lost.
                return
            if isinstance(error, RuntimeError) and _AT_FAULT not in str(error):
                raise
            # What the head says may quote anything.
            raise DagsterUserCodeUnreachableError(
                f"Ray's head at {self.address} takes no job for now ({type(error).__name__}); see "
                "that it is up. The run stays in the queue"
            ) from None

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the job of a run goes on.

        Raises:
            ConnectionError: Ray's head does not answer; Dagster asks again later.
        """
        job = self._job_of(run)
        if job is None:
            return CheckRunHealthResult(
                WorkerStatus.FAILED,
                f"Ray's head at {self.address} knows nothing of the run: it was begun anew since",
            )
        if not job.status.is_terminal():
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        # A job that ended well, of a run that has not: it ends it within moments, or never.
        return CheckRunHealthResult(WorkerStatus.FAILED, f"{_shown(job)} {WHAT_TO_DO}.")

    def get_run_worker_debug_info(
        self, run: DagsterRun, include_container_logs: bool | None = True
    ) -> str | None:
        """State and host of the job of a run."""
        del include_container_logs
        job = self._job_of(run)
        return _shown(job) if job else None

    def _job_of(self, run: DagsterRun) -> "JobDetails | None":
        """The job of a run; None where the head has never heard of it."""
        # Runs are begun anew and never resumed (dagster.yaml), so a run has one job.
        submission = get_job_submission_id_from_run_id(run.run_id)
        try:
            return self.client.get_job_info(submission)
        except RuntimeError as error:
            if _UNKNOWN in str(error):
                return None
            raise


def _shown(job: "JobDetails") -> str:
    agent = job.driver_agent_http_address or ""
    host = agent.removeprefix("http://").rsplit(":", 1)[0]
    # Ray's words have ids of hosts and actors in them, which the gate takes for encoded text.
    words = _LONG_ID.sub("...", " ".join((job.message or "").split()))[:_SHOWN_LETTERS]
    return f"Ray says of the run's job: {job.status.value.lower()}, {words} Host: {host or 'none'}."
