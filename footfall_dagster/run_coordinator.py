"""The queue that knows whose a run is, however it was launched.

Belongs here: the class that `dagster.yaml` names as run coordinator. Does not belong here: the
tags (`fair_use`), the limits (dagster.yaml).

What is launched from a job has the tags of the job. What is launched from Dagster's asset graph,
one partition or a backfill, is a run of a job that Dagster makes up and that has no tags: without
any, no limit would hold for it, and a backfill of camera-days would fill every place there is.
"""

from collections.abc import Iterable, Mapping

from dagster import DagsterRun
from dagster._core.remote_representation.external import RemoteRepository
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

from footfall_dagster.fair_use import WORK_TAG, Work


class FairRunCoordinator(QueuedRunCoordinator):
    """Dagster's queue; a run without tags of ours gets those of the job that has its assets."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Queue a run."""
        run = context.dagster_run
        if WORK_TAG not in run.tags and (job := _tags_of_its_job(context)):
            missing = {key: value for key, value in job.items() if key not in run.tags}
            self._instance.add_run_tags(run.run_id, missing)
            tagged = self._instance.get_run_by_id(run.run_id)
            context = context._replace(dagster_run=tagged or run)
        return super().submit_run(context)


def _tags_of_its_job(context: SubmitRunContext) -> Mapping[str, str]:
    origin = context.dagster_run.remote_job_origin
    if origin is None:
        return {}
    repository = origin.repository_origin
    location = context.workspace.get_code_location(repository.code_location_origin.location_name)
    return _most_costly(
        _jobs_of(context.dagster_run, location.get_repository(repository.repository_name))
    )


def _jobs_of(run: DagsterRun, repository: RemoteRepository) -> Iterable[Mapping[str, str]]:
    """Tags of the jobs that have an asset of the run, or one of which it carries out a check."""
    keys = {
        *(run.asset_selection or ()),
        *(one.asset_key for one in run.asset_check_selection or ()),
    }
    nodes = filter(None, map(repository.get_asset_node_snap, keys))
    for name in sorted({name for node in nodes for name in node.job_names}):
        if WORK_TAG in (tags := repository.get_full_job(name).tags):
            yield tags


def _most_costly(jobs: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    order = [work.value for work in Work]
    return min(jobs, key=lambda tags: order.index(tags[WORK_TAG]), default={})
