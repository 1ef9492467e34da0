"""What tests of the grown profile share: PostgreSQL, and settings that name it and a bucket."""

import importlib.util
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from footfall_dagster.settings import Settings
from tests.cluster.postgres import Postgres, programs, running
from tests.object_store import ObjectStore


def bucket_named(request: pytest.FixtureRequest) -> str:
    """The name of a bucket that is the test's own."""
    plain = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))
    return f"{plain[:32].strip('-')}-{zlib.crc32(request.node.nodeid.encode()):08x}"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL, which the settings of whoever reads the environment name."""
    where = programs()
    if where is None or importlib.util.find_spec("psycopg2") is None:
        pytest.skip("no PostgreSQL or no psycopg2: apt-get install postgresql, pip install .[dev]")
    with running(where) as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("FOOTFALL_CATALOG", server.address)
        yield server


@pytest.fixture(scope="module")
def grown(postgres: Postgres, object_store: ObjectStore) -> Callable[[Path, str], Settings]:
    """Makes settings whose home is a folder and whose store is a new bucket of that name."""

    def settings(home: Path, bucket: str) -> Settings:
        object_store.files.mkdir(bucket)
        return Settings(
            home=home,
            store=f"s3://{bucket}/footfall",
            s3_endpoint=object_store.endpoint,
            catalog=SecretStr(postgres.address),
        )

    return settings
