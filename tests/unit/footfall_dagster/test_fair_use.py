"""Tags that every run carries: whose it is, when its turn is, what it takes of a Ray cluster."""

import json
from pathlib import Path

import pytest
from dagster import DagsterRun

from footfall_dagster.definitions import build_definitions
from footfall_dagster.fair_use import (
    PRIORITY_TAG,
    RAY_TAG,
    SITE_TAG,
    Work,
    as_awaited_as,
    awaited,
    tags,
)
from footfall_dagster.privacy.event_log import refuse
from footfall_dagster.settings import Settings
from tests.two_sites import NORTH, site_folder


def test_who_is_awaited_goes_before_who_is_not_and_upkeep_before_all() -> None:
    own = [int(tags("mall", work, Settings())[PRIORITY_TAG]) for work in Work]
    asked = [int(awaited(work)[PRIORITY_TAG]) for work in Work]
    assert own + asked == sorted({*own, *asked})


@pytest.mark.parametrize(
    ("priority", "follows"),
    [("0", {}), ("1", {}), ("10", awaited(Work.MARTS)), ("soon", {}), (None, {})],
)
def test_of_a_backfill_follows_no_more_than_a_backfill(
    priority: str | None, follows: dict[str, str]
) -> None:
    run = DagsterRun("camera_day", tags={} if priority is None else {PRIORITY_TAG: priority})
    assert as_awaited_as(run, Work.MARTS) == follows


def test_ray_is_told_places_the_share_of_a_gpu_and_whose_settings(tmp_path: Path) -> None:
    settings = Settings(settings=None, vision_gpus=0.25).model_copy(
        update={"settings": Path("/etc/footfall/centre.yaml")}
    )
    vision, marts, upkeep = (
        json.loads(tags("mall", work, settings)[RAY_TAG])
        for work in (Work.VISION, Work.MARTS, Work.UPKEEP)
    )
    named = ["FOOTFALL_SETTINGS=/etc/footfall/centre.yaml"]
    assert vision == {"resources": {"vision": 1}, "num_gpus": 0.25, "env_vars": named}
    assert marts == {"resources": {"marts": 1}, "env_vars": named}
    assert upkeep == {"resources": {"keeper": 1}, "env_vars": named}
    assert json.loads(tags("mall", Work.VISION, Settings())[RAY_TAG]) == {
        "resources": {"vision": 1}
    }


def test_what_deletes_or_proves_asks_for_a_place_of_the_keepers(tmp_path: Path) -> None:
    jobs = build_definitions(Settings(site=site_folder(tmp_path, NORTH))).resolve_all_job_defs()
    asked = {
        job.name: list(json.loads(job.tags[RAY_TAG])["resources"])
        for job in jobs
        if RAY_TAG in job.tags
    }
    of_the_keeper = {"privacy_day", "purge", "objections", "late_files"}
    others = {"camera_day": ["vision"], "site_day": ["marts"], "site_week": ["marts"]}
    assert asked == others | {name: ["keeper"] for name in of_the_keeper}


def test_the_gate_lets_every_tag_of_every_job_pass(tmp_path: Path) -> None:
    settings = Settings(vision_gpus=0.25, site=site_folder(tmp_path, NORTH)).model_copy(
        update={"settings": Path("/etc/footfall/sites/north.yaml")}
    )
    jobs = build_definitions(settings).resolve_all_job_defs()
    ours = {job.name: job.tags for job in jobs if not job.name.startswith("__")}
    assert {"camera_day", "site_day", "purge", "objections", "late_files"} <= ours.keys()
    for name, told in ours.items():
        assert told[SITE_TAG] == NORTH, name
        refuse("a tag of a job", dict(told), "tags")


def test_dagster_ray_reads_the_tag() -> None:
    launcher = pytest.importorskip("dagster_ray.core.run_launcher")
    told = launcher.RayLauncherConfig.from_tags(
        tags("mall", Work.VISION, Settings(vision_gpus=0.5))
    )
    assert (told.resources, told.num_gpus, told.env_vars) == ({"vision": 1.0}, 0.5, None)
