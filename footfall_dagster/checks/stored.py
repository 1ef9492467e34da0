"""What checks of a camera-day begin with: its stored rows, or a warning that there are none.

Belongs here: reading for checks that only tell a person something. Does not belong here: checks of
what is stored itself (`footfall_dagster.checks.camera_days`).
"""

import dagster as dg
import polars as pl

from footfall_dagster.io_manager import camera_day
from footfall_dagster.lake import Lake, NotMaterialised
from footfall_dagster.privacy.wall import Refused
from vision.contract_terms import Contract


def stored(lake: Lake, contract: Contract, partition: str) -> pl.DataFrame | str:
    """Rows of a camera-day, or why they cannot be read."""
    try:
        return lake.read(contract, camera_day(partition))
    except (Refused, NotMaterialised) as problem:
        return str(problem)


def unread(key: dg.AssetKey, name: str, why: str) -> dg.AssetCheckResult:
    """The outcome of a check whose rows cannot be read."""
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=why,
    )
