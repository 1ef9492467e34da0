"""What a run of a job carries with it: how it is begun again."""

from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRun
from dagster._core.execution.plan.resume_retry import ReexecutionStrategy
from dagster._daemon.auto_run_reexecution.auto_run_reexecution import get_reexecution_strategy

from footfall_dagster.definitions import build_definitions
from footfall_dagster.settings import Settings
from tests.two_sites import NORTH, site_folder


@pytest.mark.parametrize(
    ("privacy", "anew"),
    [
        ("", False),
        ("privacy: {k: 5}", False),
        ("privacy: {appearance: memory}", True),
        ("privacy: {appearance: vault}", True),
        ("privacy: {age_gender: {k: 50}}", True),
    ],
)
def test_a_camera_day_with_traits_is_begun_anew_and_not_from_where_it_failed(
    tmp_path: Path, privacy: str, anew: bool
) -> None:
    site = site_folder(tmp_path, NORTH)
    with (site / "site.yaml").open("a") as file:
        file.write(f"\n{privacy}\n")
    job = build_definitions(Settings(site=site)).resolve_job_def("camera_day")
    run = DagsterRun("camera_day", tags=job.tags)
    with DagsterInstance.ephemeral() as instance:
        found = get_reexecution_strategy(run, instance)
    assert found == (ReexecutionStrategy.ALL_STEPS if anew else None)
