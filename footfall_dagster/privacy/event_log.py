"""The gate in front of Dagster's storages: what may not stand never reaches them.

Belongs here: the storage classes that `dagster.yaml` names. Does not belong here: what may stand
(`footfall_dagster.privacy.serialized`).

Every materialisation, check, observation, log line and exception of every run goes through
`store_event`, whoever wrote the asset. Refusing there would fail runs in the middle of failing, so
the event log withholds: an event is stored with words that say what kind of thing was left out.
Tags, cursors and names of partitions are refused instead: who sets them can be told.
"""

import datetime as dt
import json
import os
import sqlite3
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster._core.events.log import EventLogEntry
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.storage.dagster_run import DagsterRun
from dagster._core.storage.event_log.base import EventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.runs.base import RunStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._serdes import ConfigurableClassData, deserialize_value, serialize_value
from dagster_shared.error import SerializableErrorInfo

from footfall_dagster.privacy.serialized import closed, withheld
from footfall_dagster.privacy.text import Lines
from footfall_dagster.privacy.wall import Refused

_RUNS_REMEMBERED = 16


def admissible(event: EventLogEntry) -> EventLogEntry:
    """`event` itself where all of it may stand, else a copy without what may not."""
    clean, found = closed(json.loads(serialize_value(event)))
    return deserialize_value(json.dumps(clean), EventLogEntry) if found else event


def refuse(what: str, value: Any, field: str = "") -> None:
    """Raise `Refused` where a value may not stand in Dagster's storage; quotes nothing of it."""
    _, found = closed(value, field)
    if found:
        raise Refused(
            f"{what} may hold more than a short word or figure ({found[0][1]}); Dagster keeps it, "
            "so leave it out"
        )


class GatedEventLog(EventLogStorage):
    """Stores only what may stand; to be mixed into a storage of Dagster's, in front of it."""

    def store_event(self, event: EventLogEntry) -> None:
        """Store `event`, or what may stand of it."""
        clean = admissible(event)
        if clean.dagster_event is None and (
            kind := self._lines_of(clean.run_id).trouble(clean.user_message)
        ):
            clean = clean._replace(user_message=withheld(kind))
        super().store_event(clean)  # type: ignore[safe-super]

    def update_event_log_record(self, record_id: int, event: EventLogEntry) -> None:
        """Replace a stored event by `event`, or by what may stand of it."""
        super().update_event_log_record(record_id, admissible(event))  # type: ignore[misc]

    def add_dynamic_partitions(
        self, partitions_def_name: str, partition_keys: Sequence[str]
    ) -> None:
        """Add partitions with names that are words."""
        for key in partition_keys:
            refuse("the name of a partition", key)
        super().add_dynamic_partitions(partitions_def_name, partition_keys)  # type: ignore[safe-super]

    def _lines_of(self, run_id: str) -> Lines:
        """What a run has logged so far, as far as this process has seen it."""
        told: OrderedDict[str, Lines] = self.__dict__.setdefault("_told", OrderedDict())
        lines = told.setdefault(run_id, Lines())
        told.move_to_end(run_id)
        if len(told) > _RUNS_REMEMBERED:
            told.popitem(last=False)
        return lines


class GatedRuns(RunStorage):
    """Refuses runs, backfills, tags and cursors that may hold more than words."""

    def add_run(self, dagster_run: DagsterRun) -> DagsterRun:
        """Add a run; raises `Refused`."""
        refuse("the configuration or a tag of a run", json.loads(serialize_value(dagster_run)))
        return super().add_run(dagster_run)  # type: ignore[safe-super]

    def add_historical_run(
        self, dagster_run: DagsterRun, run_creation_time: dt.datetime
    ) -> DagsterRun:
        """Add a run of another instance; raises `Refused`."""
        refuse("the configuration or a tag of a run", json.loads(serialize_value(dagster_run)))
        return super().add_historical_run(dagster_run, run_creation_time)  # type: ignore[safe-super]

    def add_backfill(self, partition_backfill: PartitionBackfill) -> None:
        """Add a backfill; raises `Refused` where its title, description or a tag may not stand."""
        for text in (partition_backfill.title, partition_backfill.description):
            refuse("the title or description of a backfill", text)
        refuse("a tag of a backfill", dict(partition_backfill.tags or {}), "tags")
        super().add_backfill(partition_backfill)  # type: ignore[safe-super]

    def update_backfill(self, partition_backfill: PartitionBackfill) -> None:
        """Store how far a backfill is, and what may stand of why it failed."""
        if partition_backfill.error is not None:
            clean, _ = closed(json.loads(serialize_value(partition_backfill.error)))
            error = deserialize_value(json.dumps(clean), SerializableErrorInfo)
            partition_backfill = partition_backfill._replace(error=error)
        super().update_backfill(partition_backfill)  # type: ignore[safe-super]

    def add_run_tags(self, run_id: str, new_tags: Mapping[str, str]) -> None:
        """Add tags to a run; raises `Refused`."""
        refuse("a tag of a run", dict(new_tags), "tags")
        super().add_run_tags(run_id, new_tags)  # type: ignore[safe-super]

    def set_cursor_values(self, pairs: Mapping[str, str]) -> None:
        """Keep where a daemon is; raises `Refused`."""
        for key, value in pairs.items():
            refuse("the cursor of a daemon", value, key)
        super().set_cursor_values(pairs)  # type: ignore[safe-super]


class GatedSqliteEventLogStorage(GatedEventLog, SqliteEventLogStorage):
    """Dagster's default event log behind the gate, in the folder where Dagster has it anyway."""

    @classmethod
    def config_type(cls) -> Any:
        """Nothing to configure: the log lies below DAGSTER_HOME."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "GatedSqliteEventLogStorage":
        """Make the storage that `dagster.yaml` names."""
        del config_value
        return cls(str(_history() / "runs"), inst_data=inst_data)


class GatedSqliteRunStorage(GatedRuns, SqliteRunStorage):
    """Dagster's default run storage behind the gate."""

    @classmethod
    def config_type(cls) -> Any:
        """Nothing to configure: the runs lie below DAGSTER_HOME."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "GatedSqliteRunStorage":
        """Make the storage that `dagster.yaml` names."""
        del config_value
        return cls.from_local(str(_history()), inst_data=inst_data)


def _history() -> Path:
    return Path(os.environ["DAGSTER_HOME"]).resolve() / "history"


@sqlalchemy.event.listens_for(sqlalchemy.Engine, "connect")
def _overwrite_what_is_deleted(connection: Any, _record: Any) -> None:
    """SQLite keeps deleted rows in its pages unless it is told, per connection, not to."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA secure_delete = ON")
