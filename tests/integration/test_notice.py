"""Runs as Dagster launches them: the notice says otherwise, was edited, or is not there."""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from footfall_dagster.checks.privacy import NOTICE_IN_FORCE
from footfall_dagster.day import DayFailed, materialise_day, why_failed
from footfall_dagster.definitions import build_definitions
from footfall_dagster.jobs import CAMERA_DAY, PRIVACY_DAY, SITE_DAY, SITE_WEEK
from footfall_dagster.notice import FOLDER
from footfall_dagster.runs import QUIET
from footfall_dagster.settings import Settings

DAY = dt.date(2026, 3, 14)
PARTITIONS = {
    CAMERA_DAY: dg.MultiPartitionKey({"date": DAY.isoformat(), "camera": "cam_shops"}),
    SITE_DAY: DAY.isoformat(),
    PRIVACY_DAY: DAY.isoformat(),
    SITE_WEEK: "2026-03-09",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The arcade, in a folder of the test's own, with no recordings."""
    site = Path(shutil.copytree("examples/arcade", tmp_path / "site"))
    (tmp_path / "recordings").mkdir()
    return Settings(
        site=site, home=tmp_path / "home", recordings=tmp_path / "recordings", weights=None
    )


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        made.add_dynamic_partitions("arcade_cameras", ["cam_entrance", "cam_shops"])
        yield made


def run(job: str, settings: Settings, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    made = build_definitions(settings).resolve_job_def(job)
    return made.execute_in_process(
        instance=instance,
        partition_key=PARTITIONS[job],
        run_config=QUIET,
        raise_on_error=False,
    )


def lower_k(site: Path) -> None:
    text = (site / "site.yaml").read_text()
    assert text.count("  k: 10\n") == 1
    (site / "site.yaml").write_text(text.replace("  k: 10\n", "  k: 5\n"))


def edit_sign(site: Path) -> None:
    sign = site / FOLDER / "sign.html"
    sign.write_text(sign.read_text().replace("7 days", "1 day"))


SPOILT = {
    "a changed field": (lower_k, "site.yaml, privacy.k: the notice says 10, now it is 5"),
    "an edited sign": (edit_sign, "sign.html is changed"),
}


@pytest.mark.parametrize("job", PARTITIONS)
def test_every_job_of_a_day_or_week_fails_and_says_how_to_renew_the_notice(
    job: str, settings: Settings, instance: dg.DagsterInstance
) -> None:
    lower_k(settings.site)
    result = run(job, settings, instance)
    assert not result.success
    told = "\n".join(why_failed(job, result))
    assert "site.yaml, privacy.k: the notice says 10, now it is 5" in told
    assert f"footfall notice issue {settings.site}" in told


@pytest.mark.parametrize(("spoil", "said"), SPOILT.values(), ids=SPOILT)
def test_the_command_fails_before_any_run_begins(
    spoil: Callable[[Path], None], said: str, settings: Settings, instance: dg.DagsterInstance
) -> None:
    spoil(settings.site)
    with pytest.raises(DayFailed) as failed:
        materialise_day(settings, instance, DAY, lambda _line: None)
    assert said in str(failed.value)
    assert f"footfall notice issue {settings.site}" in str(failed.value)
    assert instance.get_runs() == []


def test_without_any_notice_a_day_goes_on_and_a_check_warns(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    shutil.rmtree(settings.site / FOLDER)
    result = run(PRIVACY_DAY, settings, instance)
    (noticed,) = [
        one for one in result.get_asset_check_evaluations() if one.check_name == NOTICE_IN_FORCE
    ]
    assert not noticed.passed
    assert noticed.severity == dg.AssetCheckSeverity.WARN
    assert "there is no public notice" in str(noticed.description)
