"""Which runs are followed by a privacy report of their own, so that every day has one."""

from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRun, DagsterRunStatus

from footfall_dagster.definitions import build_definitions
from footfall_dagster.runs import process_tags
from footfall_dagster.sensors import needs_privacy_day
from footfall_dagster.settings import Settings

SENSORS = ("privacy_day_after_success", "privacy_day_after_failure")


@pytest.mark.parametrize(
    ("job", "tags", "needed"),
    [
        pytest.param("site_day", {}, True, id="marts launched by hand"),
        pytest.param("site_day", {"dagster/backfill": "abcdefgh"}, True, id="marts of a backfill"),
        pytest.param(
            "site_day",
            {"dagster/schedule_name": "site_day_after_cameras"},
            False,
            id="marts on schedule, an hour before the report's",
        ),
        pytest.param("site_day", process_tags(), False, id="marts of `footfall run`"),
        pytest.param("camera_day", {}, False, id="a camera-day"),
        pytest.param("privacy_day", {}, False, id="the report itself"),
    ],
)
def test_a_report_follows_marts_that_no_other_report_follows(
    job: str, tags: dict[str, str], needed: bool
) -> None:
    assert needs_privacy_day(DagsterRun(job_name=job, tags=tags)) is needed


def asked_by(sensor: dg.SensorDefinition, instance: dg.DagsterInstance, run: DagsterRun) -> object:
    """What a sensor asks for once marts are made."""
    made = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, job_name="site_day")
    return sensor(
        dg.build_run_status_sensor_context(
            sensor_name=sensor.name, dagster_event=made, dagster_instance=instance, dagster_run=run
        )
    )


@pytest.mark.parametrize("name", SENSORS)
def test_the_report_is_asked_for_by_day_whether_or_not_the_marts_were_made(name: str) -> None:
    definitions = build_definitions(Settings(site=Path("examples/arcade")))
    sensor = definitions.resolve_sensor_def(name)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert [target.job_name for target in sensor.targets] == ["privacy_day"]
    run = DagsterRun(job_name="site_day", tags={"dagster/partition": "2026-03-14"})
    with dg.DagsterInstance.ephemeral() as instance:
        asked = asked_by(sensor, instance, run)
    assert isinstance(asked, dg.RunRequest)
    assert (asked.run_key, asked.partition_key) == (run.run_id, "2026-03-14")


@pytest.mark.parametrize("ending", ["success", "failure", "canceled"])
def test_a_week_is_asked_for_again_by_its_monday(ending: str) -> None:
    definitions = build_definitions(Settings(site=Path("examples/arcade")))
    sensor = definitions.resolve_sensor_def(f"site_week_after_{ending}")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert [target.job_name for target in sensor.targets] == ["site_week"]
    with dg.DagsterInstance.ephemeral() as instance:
        for job, partition in (("site_week", "2026-03-09"), ("site_day", "2026-03-14")):
            run = DagsterRun(
                job_name=job,
                status=DagsterRunStatus.NOT_STARTED,
                tags={"dagster/partition": partition},
            )
            instance.add_run(run)
            for event in ("PIPELINE_START", "PIPELINE_SUCCESS"):
                instance.report_dagster_event(dg.DagsterEvent(event, job), run.run_id)
        asked = asked_by(sensor, instance, run)
    assert isinstance(asked, dg.SensorResult)
    (request,) = asked.run_requests or ()
    assert request.partition_key == "2026-03-09"
    assert run.run_id in (request.run_key or "")
