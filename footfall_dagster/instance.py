"""The Dagster instance that the command line and `make ui` share.

Belongs here: DAGSTER_HOME, so that all processes mean the same one. Does not belong here: its
settings, which are in dagster.yaml.

Dagster creates its databases table by table, and takes one in which a table is missing for one of
an old version, to be migrated by hand: whoever was killed in between could not run again. So ours
are made aside and renamed into place.
"""

import os
import shutil
from pathlib import Path

import dagster as dg

from footfall_dagster.locks import locked
from footfall_dagster.settings import Settings
from footfall_dagster.shipped import shipped

_DAGSTER_YAML = shipped("dagster.yaml")
_DATABASES = ("history", "schedules")
"""Folders below DAGSTER_HOME."""
_ASIDE = ".making"
_PATIENCE_S = 60.0


def prepare_home(settings: Settings) -> Path:
    """Make DAGSTER_HOME, `<home>/dagster` unless it is set, with dagster.yaml and its databases."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str((settings.home / "dagster").resolve())))
    home.mkdir(parents=True, exist_ok=True)
    linked = home / "dagster.yaml"
    if not linked.exists():
        linked.unlink(missing_ok=True)
        linked.symlink_to(_DAGSTER_YAML)
    # Whoever has settings of their own has databases of their own.
    if linked.resolve() == _DAGSTER_YAML and not _has_databases(home):
        with locked(home, timeout_s=_PATIENCE_S):
            _make_databases(home)
    return home


def _has_databases(home: Path) -> bool:
    return all((home / folder).is_dir() for folder in _DATABASES)


def _make_databases(home: Path) -> None:
    from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import (
        SqliteScheduleStorage,
    )

    from footfall_dagster.privacy.event_log import (
        GatedSqliteEventLogStorage,
        GatedSqliteRunStorage,
    )

    aside = home / _ASIDE
    # Only the holder of the lock makes them, so whoever left this is dead.
    shutil.rmtree(aside, ignore_errors=True)
    history, schedules = (aside / folder for folder in _DATABASES)
    GatedSqliteEventLogStorage(str(history / "runs")).dispose()
    GatedSqliteRunStorage.from_local(str(history)).dispose()
    SqliteScheduleStorage.from_local(str(schedules)).dispose()
    for made in (history, schedules):
        if not (home / made.name).is_dir():
            made.rename(home / made.name)
    shutil.rmtree(aside)


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance of `prepare_home`."""
    prepare_home(settings)
    return dg.DagsterInstance.get()
