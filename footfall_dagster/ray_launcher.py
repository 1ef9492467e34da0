"""Runs on a Ray cluster: dagster-ray's launcher, with what our promises ask of it.

Belongs here: what differs from dagster-ray's own. Does not belong here: which runs go first
(dagster.yaml), which slots a run takes (the tags of its job).
"""

import re
from typing import TYPE_CHECKING

from dagster import DagsterRun
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster_ray import RayRunLauncher
from dagster_ray.core.run_launcher import get_job_submission_id_from_run_id

if TYPE_CHECKING:
    from ray.dashboard.modules.job.pydantic_models import JobDetails

_UNKNOWN = "status code 404"
"""Of what Ray's client raises about a job that the head does not know."""
_LONG_ID = re.compile(r"[0-9a-f]{16,}")
_SHOWN_LETTERS = 700
_WHAT_TO_DO = (
    "A run that could not say itself why it ended was killed, had no memory left, or could not "
    "reach PostgreSQL; `footfall doctor` on that host tries all that a run uses"
)


class QuietRayRunLauncher(RayRunLauncher):
    """Submits each run as a job to Ray, as dagster-ray does, with three differences.

    - What a run prints is kept nowhere. Ray keeps it in a file on the worker and quotes its end
      where the job fails, and what a process prints cannot be gated (see dagster.yaml).
    - Of a job, its state and its host are told, and not its environment.
    - A head that does not answer for now is no reason to give a run up that goes on elsewhere:
      Dagster would begin the same camera-day a second time.
    """

    def _launch_ray_job(self, submission_id: str, entrypoint: str, run: DagsterRun) -> None:
        super()._launch_ray_job(submission_id, f"{entrypoint} >/dev/null 2>&1", run)

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
        return CheckRunHealthResult(WorkerStatus.FAILED, f"{_shown(job)} {_WHAT_TO_DO}.")

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
