"""The Dagster instance that the command line and `make ui` share.

Belongs here: DAGSTER_HOME, so that all processes mean the same one. Does not belong here: its
settings, which are in dagster.yaml.
"""

import os
from pathlib import Path

import dagster as dg

from footfall_dagster.settings import Settings

_DAGSTER_YAML = Path(__file__).resolve().parent.parent / "dagster.yaml"


def prepare_home(settings: Settings) -> Path:
    """Make DAGSTER_HOME, `<home>/dagster` unless it is set, and link dagster.yaml into it."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str((settings.home / "dagster").resolve())))
    home.mkdir(parents=True, exist_ok=True)
    linked = home / "dagster.yaml"
    if not linked.exists():
        linked.unlink(missing_ok=True)
        linked.symlink_to(_DAGSTER_YAML)
    return home


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance of `prepare_home`."""
    prepare_home(settings)
    return dg.DagsterInstance.get()
