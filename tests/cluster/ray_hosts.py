"""The grown profile, whole, on hosts of a test's own.

Belongs here: PostgreSQL, a bucket, Ray's head with Dagster's daemon and webserver beside it, and
Ray's workers, all as deploy/ray has them; asking Dagster for runs as its UI does. Does not belong
here: any test, or which site it is.

Hosts share nothing but PostgreSQL and the bucket: each has its own copy of the site's files, and
its secrets in the environment of what is started on it.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from footfall_dagster.fair_use import WORK_TAG, Place, Work
from footfall_dagster.settings import Settings
from tests.cluster.bucket import Bucket, bucket_at
from tests.cluster.hosts import BUCKET, DATABASE, HOME, Host, hosts
from tests.cluster.hosts import trouble as hosts_trouble
from tests.cluster.postgres import Postgres, programs
from tests.cluster.postgres import running as postgres_running
from tests.object_store import KEYS, weed

REPOSITORY = Path(__file__).resolve().parent.parent.parent
_BIN = Path(sys.executable).parent
_WEB_PORT, _CODE_PORT, _RAY_PORT, _JOBS_PORT = 3000, 4000, 6379, 8265
_STORE, _RECORDINGS = "s3://footfall/site", "s3://recorders/site"
TOKEN = "only-of-this-test"
_LET_IN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
LOOK_S = 5
"""Between two looks at all runs: each costs the webserver a good part of a second."""
_SHARED_MEMORY = "--object-store-memory=100000000"
"""Runs hand nothing to each other through Ray."""
_REPOSITORY_OF_SITE = {
    "repositoryName": "__repository__",
    "repositoryLocationName": "footfall",
}
OPEN = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING", "MANAGED")


@dataclass
class Cluster:
    """A running cluster.

    Attributes:
        head: Host of Ray's head, Dagster's daemon and its webserver.
        workers: Hosts on which runs go on.
        postgres: Has Dagster's storage, locks and DuckLake's catalogue.
        bucket: Has recordings, lake and marts.
        site: Folder of the site's files; each host has a copy.
        slots: Camera-days, and site-days, that a worker takes at a time.
        limits: Of Dagster's queue, by `concurrency.runs` of dagster.yaml.
        location: Module of the code location.
        variables: More of the environment, of every host.
    """

    head: Host
    workers: list[Host]
    postgres: Postgres
    bucket: Bucket
    site: Path
    weights: Path
    slots: int
    limits: Mapping[str, Any]
    location: str
    variables: Mapping[str, str]

    def environment(self, host: Host) -> dict[str, str]:
        """Of everything that is started on a host."""
        return {
            "PATH": f"{_BIN}:{os.environ['PATH']}",
            "HOME": str(HOME),
            "DAGSTER_HOME": str(HOME / "dagster"),
            "DAGSTER_POSTGRES_URL": self.postgres.address_of("dagster"),
            "FOOTFALL_SITE": str(HOME / "site"),
            "FOOTFALL_HOME": str(HOME / "var"),
            "FOOTFALL_STORE": _STORE,
            "FOOTFALL_S3_ENDPOINT": self.bucket.store.endpoint,
            "FOOTFALL_CATALOG": self.postgres.address,
            "FOOTFALL_RECORDINGS": _RECORDINGS,
            "FOOTFALL_WEIGHTS": str(self.weights),
            "RAY_API_SERVER_ADDRESS": f"http://{self.head.address}:{_JOBS_PORT}",
            "MPLBACKEND": "agg",
            **KEYS,
            **_LET_IN,
            **self.variables,
        }

    @property
    def settings(self) -> Settings:
        """With which a test looks at what the cluster made, from beside it."""
        return Settings(
            site=self.site,
            home=self.head.folder / "var",
            recordings=_RECORDINGS,
            store=_STORE,
            s3_endpoint=self.bucket.store.endpoint,
            catalog=self.postgres.address,
            weights=self.weights,
        )

    def start(self, joined: int | None = None) -> None:
        """Start Ray, with so many workers or all of them, then Dagster; wait until they answer."""
        for host in (self.head, *self.workers):
            self._furnish(host)
        self.start_head()
        first = self.workers[:joined]
        for worker in first:
            self.join(worker)
        self.wait_for_nodes(1 + len(first))
        self._serve_code()
        self.start_daemon()
        told = ["-h", self.head.address, "-p", str(_WEB_PORT)]
        self._dagster("dagster-webserver", *told)
        wait_for(lambda: _answers(f"http://{self.head.address}:{_WEB_PORT}/server_info"), 180)

    def start_head(self) -> None:
        """Start Ray's head, and wait until it takes jobs."""
        self._ray(
            self.head,
            *("--head", f"--port={_RAY_PORT}", f"--dashboard-host={self.head.address}"),
            *("--num-cpus=0", "--include-dashboard=true", "--disable-usage-stats"),
            # One for a privacy report, one for upkeep: what the queue lets begin; see `limits_of`.
            f"--resources={json.dumps({Place.KEEPER: 2})}",
        )
        wait_for(lambda: _answers(f"http://{self.head.address}:{_JOBS_PORT}/api/version"), 120)

    def bring(self, recordings: Path) -> None:
        """Put what lies in a folder where recorders export to."""
        into = _RECORDINGS.removeprefix("s3://") + "/"
        self.bucket.store.files.put(f"{recordings}/", into, recursive=True)

    def join(self, worker: Host) -> None:
        """Start Ray on a worker, with its slots."""
        resources = json.dumps({Place.VISION: self.slots, Place.MARTS: self.slots})
        self._ray(
            worker,
            *(f"--address={self.head.address}:{_RAY_PORT}", f"--num-cpus={self.slots}"),
            f"--resources={resources}",
        )

    def wait_for_nodes(self, number: int) -> None:
        """Until Ray takes so many hosts for alive, its head among them."""
        wait_for(lambda: self._nodes() == number, 180)

    def _nodes(self) -> int:
        said = subprocess.run(
            [str(_BIN / "ray"), "list", "nodes", "--format=json", "--filter", "state=ALIVE"],
            env={**self.environment(self.head), "HOME": str(self.head.folder)},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        return len(json.loads(said[said.index("[") :])) if "[" in said else 0

    def _serve_code(self) -> None:
        """Start what webserver and daemon ask for the code, which each would load otherwise."""
        command = [str(_BIN / "dagster"), "code-server", "start", "--module-name", self.location]
        command += ["--host", "127.0.0.1", "--port", str(_CODE_PORT)]
        self.head.start(command, self.environment(self.head), "code-server")
        said = self.head.folder / "code-server.log"
        wait_for(lambda: "Started Dagster code proxy" in said.read_text(), 180)

    def start_daemon(self) -> "subprocess.Popen[bytes]":
        """Start Dagster's daemon."""
        return self._dagster("dagster-daemon", "run")

    def backfill(self, job: str, partitions: Sequence[str], times: int = 1) -> None:
        """Ask for runs of partitions as the UI's launch button does; they are there afterwards."""
        before = len(self.runs(job))
        for _ in range(times):
            self._ask_for(job, partitions)
        # The daemon makes runs of a backfill some at a time.
        wait_for(lambda: len(self.runs(job)) >= before + times * len(partitions), 600)

    def _ask_for(self, job: str, partitions: Sequence[str]) -> None:
        self.ask(
            """mutation ($params: LaunchBackfillParams!) {
              launchPartitionBackfill(backfillParams: $params) {
                __typename ... on PythonError { message }
              }
            }""",
            params={
                "selector": {
                    "partitionSetName": f"{job}_partition_set",
                    "repositorySelector": _REPOSITORY_OF_SITE,
                },
                "partitionNames": list(partitions),
            },
        )

    def wait_for_partitions(self, number: int) -> None:
        """Until the daemon's sensor has made a partition of each camera."""
        wait_for(lambda: self._partitions() == number, 180)

    def _partitions(self) -> int:
        answer = self.ask(
            """query ($where: RepositorySelector!) {
              partitionSetsOrError(pipelineName: "camera_day", repositorySelector: $where) {
                ... on PartitionSets { results { partitionsOrError {
                  ... on Partitions { results { name } } } } } } }""",
            where=_REPOSITORY_OF_SITE,
        )
        (found,) = answer["partitionSetsOrError"]["results"]
        return len(found["partitionsOrError"]["results"])

    def runs(self, job: str | None = None) -> list[dict[str, Any]]:
        """Id, job, status, times, tags and partition of runs, the latest first."""
        answer = self.ask(
            """query ($filter: RunsFilter) { runsOrError(filter: $filter, limit: 5000) {
              ... on Runs { results {
                runId jobName status creationTime startTime endTime tags { key value }
              stats { ... on RunStatsSnapshot { launchTime } }
              } } } }""",
            filter={"pipelineName": job} if job else {},
        )
        found = answer["runsOrError"]["results"]
        for run in found:
            run["tags"] = {tag["key"]: tag["value"] for tag in run["tags"]}
            run["launchTime"] = run.pop("stats").get("launchTime")
            run["partition"] = run["tags"].get("dagster/partition", "")
        return list(found)

    def seconds_in_steps(self, run_id: str) -> float:
        """How long the steps of a run took, together."""
        answer = self.ask(
            """query ($id: ID!) { runOrError(runId: $id) { ... on Run {
              stepStats { startTime endTime } } } }""",
            id=run_id,
        )
        steps = answer["runOrError"]["stepStats"]
        return sum(float(step["endTime"]) - float(step["startTime"]) for step in steps)

    def messages(self, run_id: str) -> list[str]:
        """What the event log says of a run."""
        answer = self.ask(
            """query ($id: ID!) { logsForRun(runId: $id) { ... on EventConnection {
              events { ... on MessageEvent { message eventType stepKey }
                ... on ExecutionStepFailureEvent { error { message } }
                ... on RunFailureEvent { error { message } } } } } }""",
            id=run_id,
        )
        events = answer["logsForRun"]["events"]
        return [
            " ".join(
                str(told)
                for told in (
                    event.get("eventType"),
                    event.get("stepKey"),
                    event.get("message"),
                    (event.get("error") or {}).get("message"),
                )
                if told
            )
            for event in events
        ]

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """What the webserver's GraphQL says; asked again while PostgreSQL is away."""
        until = time.monotonic() + 120
        while True:
            try:
                answer = self._answer(query, variables)
            except urllib.error.HTTPError as error:
                answer = {"errors": f"OperationalError, as HTTP {error.code}"}
            troubled = [
                told
                for told in (answer.get("data") or {}).values()
                if isinstance(told, dict) and "message" in told
            ]
            if "errors" not in answer and not troubled:
                return dict(answer["data"])
            if time.monotonic() > until or "OperationalError" not in str(answer):
                raise RuntimeError(str(answer)[:2000])
            time.sleep(2)

    def _answer(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://{self.head.address}:{_WEB_PORT}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answered:
            return dict(json.load(answered))

    def jobs(self) -> list[Any]:
        """What Ray says of its jobs."""
        from ray.job_submission import JobSubmissionClient

        client = JobSubmissionClient(f"http://{self.head.address}:{_JOBS_PORT}")
        return list(client.list_jobs())

    def hosts_of_runs(self) -> dict[str, str]:
        """Address of the host on which each run went on, by its id."""
        return {
            job.metadata["dagster/run-id"]: job.driver_agent_http_address.split("//")[1].split(":")[
                0
            ]
            for job in self.jobs()
            if job.metadata
        }

    def settle(self, patience_s: float, job: str | None = None, *, say: bool = False) -> None:
        """Wait until no run is open any more."""
        until, said = time.monotonic() + patience_s, ""
        while counted := Counter(run["status"] for run in self.runs(job) if run["status"] in OPEN):
            if time.monotonic() > until:
                raise TimeoutError(f"runs are still open after {patience_s:.0f} s: {counted}")
            now = ", ".join(f"{number} {status.lower()}" for status, number in counted.items())
            if say and now != said:
                print(f"{time.strftime('%H:%M:%S')} {now}", flush=True)
                said = now
            time.sleep(LOOK_S)

    def _furnish(self, host: Host) -> None:
        shutil.copytree(self.site, host.folder / "site")
        for folder in ("dagster", "var"):
            (host.folder / folder).mkdir()
        described = yaml.safe_load((REPOSITORY / "deploy" / "ray" / "dagster.yaml").read_text())
        described["concurrency"]["runs"] = dict(self.limits)
        # As often as tests wait for it.
        described["run_monitoring"]["poll_interval_seconds"] = 5
        described["run_coordinator"]["config"]["user_code_failure_retry_delay"] = 5
        (host.folder / "dagster" / "dagster.yaml").write_text(yaml.safe_dump(described))
        shutil.copy(REPOSITORY / "deploy" / "proxy" / "workspace.yaml", host.folder)

    def _ray(self, host: Host, *flags: str) -> None:
        address = f"--node-ip-address={host.address}"
        command = [str(_BIN / "ray"), "start", "--block", address, _SHARED_MEMORY, *flags]
        host.start(command, self.environment(host), "ray")

    def _dagster(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        workspace = str(HOME / "workspace.yaml")
        command = [str(_BIN / program), *arguments, "-w", workspace]
        return self.head.start(command, self.environment(self.head), program)


def trouble() -> str | None:
    """Why there can be no cluster here; None where there can."""
    if why := hosts_trouble():
        return why
    if programs() is None or weed() is None or not (_BIN / "ray").is_file():
        return "no PostgreSQL, SeaweedFS or Ray: apt-get install postgresql, pip install .[dev]"
    return None


def limits_of(*, vision: int, marts: int) -> dict[str, Any]:
    """Limits of Dagster's queue for a cluster that has so many places of each kind."""
    by_work = {Work.VISION: vision, Work.MARTS: marts, Work.UPKEEP: 1}
    return {
        "max_concurrent_runs": sum(by_work.values()),
        "tag_concurrency_limits": [
            {"key": WORK_TAG, "value": work.value, "limit": limit}
            for work, limit in by_work.items()
        ],
    }


@contextmanager
def cluster(
    folder: Path,
    site: Path,
    weights: Path,
    *,
    workers: int,
    slots: int,
    limits: Mapping[str, Any],
    location: str = "footfall_dagster.code_location",
    variables: Mapping[str, str] | None = None,
) -> Iterator[Cluster]:
    """A cluster whose hosts have copies of the site's files, for as long as the context lasts.

    Keys of its bucket and of Ray are in the environment meanwhile.
    """
    server = programs()
    assert server is not None
    names = ["head", *(f"worker{number + 1}" for number in range(workers))]
    with ExitStack() as stack:
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in {**KEYS, **_LET_IN}.items():
            environment.setenv(name, value)
        head, *others = stack.enter_context(hosts(names, folder))
        postgres = stack.enter_context(postgres_running(server, DATABASE))
        postgres.create("dagster")
        # Locks ask the environment whose they are.
        environment.setenv("FOOTFALL_CATALOG", postgres.address)
        bucket = stack.enter_context(bucket_at(BUCKET))
        for name in ("footfall", "recorders"):
            bucket.store.files.mkdir(name)
        yield Cluster(
            head,
            others,
            postgres,
            bucket,
            site,
            weights,
            slots=slots,
            limits=limits,
            location=location,
            variables=variables or {},
        )


def wait_for(is_so: Any, patience_s: float, pause_s: float = 0.5) -> None:
    """Until something is so; it is looked at again after each pause.

    Raises:
        TimeoutError: It was not so in time.
    """
    until = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError(f"not so after {patience_s:.0f} s: {is_so}")
        time.sleep(pause_s)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        # It answers that it wants to know who asks.
        return True
    except OSError:
        return False
    return True
