"""Dagster's storages in PostgreSQL behind the gate, and forgetting in them.

Belongs here: the storage classes that `deploy/dagster.yaml` names, and deleting what runs logged.
Does not belong here: the gate (`event_log`), what may stand (`serialized`), when something is
forgotten (`footfall_dagster.housekeeping`).
"""

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy
from dagster._core.storage.event_log.base import EventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._serdes import ConfigurableClassData
from dagster_postgres import (
    PostgresEventLogStorage,
    PostgresRunStorage,
    PostgresScheduleStorage,
)
from dagster_postgres.utils import pg_url_from_config

from footfall_dagster.locks import KEEPALIVES
from footfall_dagster.privacy.event_log import GatedEventLog, GatedRuns

_MORE_AT_ONCE = 10
_PERSONAL_TABLES = ("event_logs", "asset_event_tags", "asset_check_executions", "runs", "run_tags")
"""Of which rows are deleted."""


class _Pooled:
    """A storage that shares one connection with the others of its process.

    Dagster opens some for each event, as a process may have many instances. Ours have one, and a
    camera-day opened five hundred, which took a sixth of its time besides its detector's.
    """

    _engine: sqlalchemy.Engine

    def __init__(self, address: str, **kept: Any) -> None:
        super().__init__(address, **kept)  # type: ignore[call-arg]
        self._engine = _engine(address)


@cache
def _engine(address: str) -> sqlalchemy.Engine:
    """Connections to PostgreSQL, of which one stays open, and is tried before it is used."""
    return sqlalchemy.create_engine(
        address,
        isolation_level="AUTOCOMMIT",
        pool_size=1,
        max_overflow=_MORE_AT_ONCE,
        pool_pre_ping=True,
        connect_args=KEEPALIVES,
    )


class GatedPostgresEventLogStorage(_Pooled, GatedEventLog, PostgresEventLogStorage):
    """Dagster's event log in PostgreSQL behind the gate."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "GatedPostgresEventLogStorage":
        """Make the storage that `dagster.yaml` names."""
        return cls(_address(config_value), inst_data=inst_data)


class GatedPostgresRunStorage(_Pooled, GatedRuns, PostgresRunStorage):
    """Dagster's run storage in PostgreSQL behind the gate."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "GatedPostgresRunStorage":
        """Make the storage that `dagster.yaml` names."""
        return cls(_address(config_value), inst_data=inst_data)


class Psycopg2ScheduleStorage(_Pooled, PostgresScheduleStorage):
    """Dagster's schedule storage in PostgreSQL, with the driver that the others have."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "Psycopg2ScheduleStorage":
        """Make the storage that `dagster.yaml` names."""
        return cls(_address(config_value), inst_data=inst_data)


def _address(config_value: Mapping[str, Any]) -> str:
    """The address with the driver that dagster-postgres brings: SQLAlchemy 2.1 takes another."""
    scheme, _, rest = pg_url_from_config(config_value).partition("://")
    return (
        f"postgresql+psycopg2://{rest}"
        if scheme in {"postgres", "postgresql"}
        else f"{scheme}://{rest}"
    )


def is_in_postgres(storage: EventLogStorage) -> bool:
    """Whether an event log is in PostgreSQL."""
    return isinstance(storage, PostgresEventLogStorage)


def forget_lines(storage: EventLogStorage, before: dt.datetime) -> int:
    """Delete what runs logged before a moment, their events of no type; return how many runs'."""
    events = SqlEventLogStorageTable.c
    # The column has no time zone, and Dagster writes UTC into it.
    moment = before.astimezone(dt.UTC).replace(tzinfo=None)
    of_no_type = events.dagster_event_type.is_(None) & (events.timestamp < moment)
    with storage.index_connection() as connection:  # type: ignore[attr-defined]
        gone = connection.execute(
            SqlEventLogStorageTable.delete().where(of_no_type).returning(events.run_id)
        ).fetchall()
    return len({run_id for (run_id,) in gone})


def rewrite(storage: EventLogStorage) -> None:
    """Write the tables anew without what was deleted from them, which PostgreSQL only marks so.

    Whoever writes to them meanwhile waits.
    """
    with storage.index_connection() as connection:  # type: ignore[attr-defined]
        for table in _PERSONAL_TABLES:
            connection.execute(sqlalchemy.text(f"VACUUM (FULL) {table}"))
