"""What Dagster stores of runs that leak, on an instance as dagster.yaml configures it."""

import base64
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from footfall_dagster.instance import open_instance
from footfall_dagster.privacy import closed_list_dagster
from footfall_dagster.privacy.look import Look
from footfall_dagster.privacy.wall import Refused
from footfall_dagster.settings import Settings

VECTOR = [round(math.sin(n), 6) for n in range(256)]
TEXT = base64.b64encode(bytes(range(256)) * 2).decode()
NEEDLES = (str(VECTOR[100]), str(VECTOR[200]), TEXT[40:60], bytes(range(64, 80)).hex())
RESOURCES = {"io_manager": dg.mem_io_manager}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return tmp_path


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with open_instance(Settings(home=home)) as opened:
        yield opened


@dg.asset
def in_metadata() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"v": VECTOR, "t": TEXT, "rows": 12})


@dg.asset
def in_a_log_line(context: dg.AssetExecutionContext) -> None:
    context.log.info("found %s", VECTOR)
    for value in VECTOR:
        context.log.info("drift %.6f", value)


@dg.asset
def in_an_observation(context: dg.AssetExecutionContext) -> None:
    context.log_event(dg.AssetObservation("in_an_observation", metadata={"v": TEXT}))


@dg.asset
def in_an_exception() -> None:
    raise ValueError(f"no match for {VECTOR}")


@dg.asset
def in_the_cause_of_an_exception() -> None:
    try:
        raise KeyError(bytes(range(256)))
    except KeyError as error:
        raise dg.Failure("no match", metadata={"crop": TEXT}) from error


@dg.asset_check(asset=in_metadata)
def in_a_check() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=True, description=bytes(range(256)).hex(), metadata={"v": TEXT}
    )


@dg.asset
def on_standard_output() -> None:
    os.write(1, f"{TEXT}\n".encode())


LEAKS = [
    [in_metadata, in_a_check],
    [in_a_log_line],
    [in_an_observation],
    [in_an_exception],
    [in_the_cause_of_an_exception],
    [on_standard_output],
]


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak[-1].node_def.name)
def test_nothing_of_it_is_stored_and_the_run_ends_as_it_would(
    leak: list[dg.AssetsDefinition], home: Path, instance: dg.DagsterInstance
) -> None:
    result = dg.materialize(leak, instance=instance, resources=RESOURCES, raise_on_error=False)
    assert result.success == ("exception" not in leak[0].key.path[-1])
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert [needle for needle in NEEDLES if needle.encode() in stored] == []
    look = Look()
    closed_list_dagster.instance(look, home / "dagster")
    assert (look.findings, look.unread) == ([], [])


def test_what_may_stand_beside_it_is_still_there(instance: dg.DagsterInstance) -> None:
    dg.materialize([in_metadata], instance=instance, resources=RESOURCES)
    event = instance.get_latest_materialization_event(in_metadata.key)
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    assert metadata["rows"].value == 12
    assert "withheld" in str(metadata["v"].value)


def backfill(title: str = "A week again", tags: Mapping[str, str] | None = None) -> Any:
    """As the UI asks for one."""
    from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

    return PartitionBackfill(
        backfill_id="again",
        status=BulkActionStatus.REQUESTED,
        from_failure=False,
        tags={"dagster/user": "us"} | dict(tags or {}),
        backfill_timestamp=1_767_225_600.0,
        title=title,
    )


def test_why_a_backfill_failed_is_stored_without_what_may_not_stand(
    home: Path, instance: dg.DagsterInstance
) -> None:
    from dagster_shared.error import SerializableErrorInfo

    instance.add_backfill(backfill())
    why = SerializableErrorInfo(f"no match for {TEXT}", ["at line 1"], "ValueError")
    instance.update_backfill(backfill().with_error(why))
    told = instance.get_backfill("again")
    assert told is not None
    assert told.title == "A week again"
    assert "withheld" in told.error.message
    stored = (home / "dagster" / "history" / "runs.db").read_bytes()
    assert TEXT[40:60].encode() not in stored


def test_tags_names_of_partitions_and_cursors_are_refused(instance: dg.DagsterInstance) -> None:
    assert_refused(instance)


def assert_refused(instance: dg.DagsterInstance) -> None:
    """Whatever storage an instance has: what whoever sets it can be told of is refused."""
    with pytest.raises(Refused, match="tag"):
        dg.materialize([in_metadata], instance=instance, resources=RESOURCES, tags={"a": TEXT})
    with pytest.raises(Refused, match="partition"):
        instance.add_dynamic_partitions("cameras", [TEXT])
    with pytest.raises(Refused, match="cursor"):
        instance.daemon_cursor_storage.set_cursor_values({"ASSET_DAEMON_CURSOR": TEXT})
    with pytest.raises(Refused, match="title or description"):
        instance.add_backfill(backfill(title=TEXT[:80]))
    with pytest.raises(Refused, match="tag"):
        instance.add_backfill(backfill(tags={"a": TEXT}))
    instance.add_dynamic_partitions("cameras", ["cam_a"])
    assert instance.get_dynamic_partitions("cameras") == ["cam_a"]
