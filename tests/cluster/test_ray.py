"""Twenty cameras and five days on Ray are the same rows as on one machine.

FOOTFALL_FLOORS and FOOTFALL_DAYS make it shorter; a floor has two cameras.
"""

import datetime as dt
import os
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.release import published
from assets.privacy_record import in_words
from footfall_dagster import warehouse as warehouses
from footfall_dagster.day import materialise_day
from footfall_dagster.lake import CameraDay
from footfall_dagster.privacy.record_store import RecordStore
from footfall_dagster.settings import Settings
from tests.cluster import tower
from tests.cluster.hosts import Host
from tests.cluster.ray_hosts import LOOK_S, TOKEN, Cluster, cluster, limits_of, trouble, wait_for
from tests.object_store import KEYS
from vision.site.load import load_site

FLOORS = int(os.environ.get("FOOTFALL_FLOORS", "10"))
FIRST = dt.date(2026, 3, 9)
_NUMBER = int(os.environ.get("FOOTFALL_DAYS", "5"))
DAYS = [FIRST + dt.timedelta(days=number) for number in range(_NUMBER)]
SECRETS = (KEYS["AWS_SECRET_ACCESS_KEY"], TOKEN)
KEEPERS = ("privacy_day", "purge", "objections", "late_files")
"""Jobs of which only the head has places."""
_SECONDS = 20
_PATIENCE_S = 3600
pytestmark = pytest.mark.timeout(2 * _PATIENCE_S)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a site and its recordings."""
    folder = tmp_path_factory.mktemp("tower")
    tower.build(folder, FLOORS, DAYS, _SECONDS)
    return folder


@pytest.fixture(scope="module")
def embedded(site: Path, weights: Path) -> Settings:
    """The site, made on one machine in folders."""
    home = tower.home_of(site, weights)
    with home.open() as instance:
        for day in DAYS:
            materialise_day(home.settings, instance, day, lambda _: None)
    return home.settings


@pytest.fixture(scope="module")
def made(site: Path, weights: Path) -> Iterator[Cluster]:
    """A cluster that has made every day of the site."""
    if why := trouble():
        pytest.skip(why)
    limits = limits_of(vision=2, marts=1)
    with cluster(
        site / "hosts", site / "site", weights, workers=2, slots=1, limits=limits
    ) as started:
        started.bring(site / "recordings")
        started.start()
        keys = [f"{camera}|{day}" for day in DAYS for camera in load_site(site / "site").camera_ids]
        started.wait_for_partitions(len(keys))
        started.backfill("camera_day", keys)
        # Who backfills camera-days backfills their marts; the daemon's sensors see to the proof.
        started.settle(_PATIENCE_S, say=True)
        started.backfill("site_day", [str(day) for day in DAYS])
        wait_for(lambda: _are_told_of(started.runs()), _PATIENCE_S, LOOK_S)
        started.settle(_PATIENCE_S, say=True)
        yield started


def test_every_run_succeeds_and_workers_share_them(made: Cluster) -> None:
    runs = made.runs()
    assert [_why(made, run) for run in runs if run["status"] != "SUCCESS"] == []
    done = {run["partition"] for run in runs if run["jobName"] == "camera_day"}
    assert len(done) == 2 * FLOORS * len(DAYS)
    _print_times(runs)
    hosts = made.hosts_of_runs()
    of_the_keeper = {run["runId"] for run in runs if run["jobName"] in KEEPERS}
    assert {hosts[run] for run in of_the_keeper} == {made.head.address}
    others = {host for run, host in hosts.items() if run not in of_the_keeper}
    assert others == {worker.address for worker in made.workers}


def test_rows_of_the_lake_are_those_of_one_machine(made: Cluster, embedded: Settings) -> None:
    ours, theirs = _lake(made.settings), _lake(embedded)
    assert sum(map(len, theirs.values())) > 100 * len(DAYS) * FLOORS
    assert [what for what, rows in theirs.items() if not ours[what].equals(rows)] == []


def test_marts_are_those_of_one_machine(made: Cluster, embedded: Settings) -> None:
    ours, theirs = _marts(made.settings), _marts(embedded)
    assert sum(map(len, theirs.values())) > 0
    assert [name for name, rows in theirs.items() if not ours[name].equals(rows)] == []


def test_ray_is_told_no_secret_and_keeps_nothing_that_a_run_prints(made: Cluster) -> None:
    told = "".join(str(job) for job in made.jobs())
    assert "execute_run" in told
    assert [secret for secret in SECRETS if secret in told] == []
    printed = [log for host in made.workers for log in _of_jobs(host)]
    assert len(printed) >= 2 * FLOORS * len(DAYS)
    assert [line for log in printed for line in log if "Running entrypoint" not in line] == []


def test_dagster_stores_no_secret(made: Cluster) -> None:
    tables = made.postgres.tables("dagster")
    assert tables
    for table in tables:
        for secret in SECRETS:
            asked = f'SELECT count(*) FROM "{table}" AS t WHERE strpos(t::text, %s) > 0'
            assert made.postgres.ask(asked, secret, database="dagster") == [(0,)], table


def _are_told_of(runs: list[dict[str, Any]]) -> bool:
    return all(_is_told_of(runs, day) for day in DAYS)


def _is_told_of(runs: list[dict[str, Any]], day: dt.date) -> bool:
    """Whether marts were made of all that a day has, and then its privacy report."""

    def ends(job: str, part: str) -> list[float]:
        found = [run for run in runs if run["jobName"] == job and part in run["partition"]]
        return [run["endTime"] or float("inf") for run in found]

    cameras, marts, privacy = (
        max(ends(job, str(day)), default=0.0) for job in ("camera_day", "site_day", "privacy_day")
    )
    return cameras < marts < privacy < float("inf")


def _why(made: Cluster, run: dict[str, Any]) -> list[str]:
    """Of a run that did not succeed: its job, its partition, what failed in it, what was found."""
    failed = [told for told in made.messages(run["runId"]) if "FAILURE" in told]
    day = dt.date.fromisoformat(run["partition"].split("|")[-1])
    records = RecordStore(made.settings.privacy, "tower").of_day(day)
    found = [in_words(one.content["checks"], most=20) for one in records]
    return [str(run["jobName"]), str(run["partition"]), *failed, *found]


def _lake(settings: Settings) -> dict[tuple[str, dt.date, str], pl.DataFrame]:
    return {
        (name, day, camera): rows
        for day in DAYS
        for camera in load_site(settings.site).camera_ids
        for name, rows in tower.rows(settings, CameraDay(day, camera)).items()
    }


def _marts(settings: Settings) -> dict[str, pl.DataFrame]:
    stored = warehouses.of(settings)
    exact = stored.read_days(list(MARTS.values()), "tower", DAYS)
    released = stored.read_published_days([published(one) for one in MARTS.values()], "tower", DAYS)
    return exact | {f"published {name}": rows for name, rows in released.items()}


def _of_jobs(host: Host) -> list[list[str]]:
    found = (host.folder / "tmp" / "ray").glob("session_2*/logs/job-driver-*.log")
    return [log.read_text().splitlines() for log in found]


def _print_times(runs: list[dict[str, Any]]) -> None:
    print(f"\n{'job':<14}{'runs':>6}{'median s':>10}{'longest s':>10}")
    for job in sorted({str(run["jobName"]) for run in runs}):
        of_job = [run for run in runs if run["jobName"] == job]
        took = [run["endTime"] - run["startTime"] for run in of_job]
        print(f"{job:<14}{len(took):>6}{statistics.median(took):>10.1f}{max(took):>10.1f}")
    first = min(run["creationTime"] for run in runs)
    last = max(run["endTime"] for run in runs)
    print(f"all of it: {last - first:.0f} s")
