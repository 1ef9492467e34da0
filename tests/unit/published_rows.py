"""A published file of rows that a test writes down, of which it says no more than it must."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import polars as pl

from assets.marts.contracts import MARTS
from assets.marts.release import NOTE, published
from assets.marts.schema import MartContract
from footfall_dagster import mart_files, mart_tables

LAST_DAY = dt.date(2026, 3, 14)
"""A Saturday, of which a row is unless it says otherwise."""
Rows = Mapping[str, Sequence[Mapping[str, object]]]

_USUAL: Mapping[str, object] = {
    "trading_day": LAST_DAY,
    "site": "mall",
    "camera": "cam_a",
    "floor": "ground",
    "kind": "store",
    "in_trading_hours": True,
    "observed_minutes": 15.0,
    "observed_share": 1.0,
    "definition_version": 1,
    "suppressed": False,
}
GAP = {"observed_minutes": 0.0, "observed_share": 0.0}
"""What a row says where nothing was observed; its figures are NULL if they are not given."""


def placed(path: Path, rows: Rows) -> Path:
    """Write the rows into a file as the warehouse does, with its receipt."""

    def fill(connection: duckdb.DuckDBPyConnection, mart: MartContract) -> None:
        told = [_whole(mart, row) for row in rows[mart.name]]
        connection.register("told", pl.DataFrame(told, schema=mart.schema))
        mart_tables.insert(connection, mart, "SELECT * FROM told")
        connection.unregister("told")

    contracts = [published(mart) for mart in MARTS.values()]
    mart_files.rebuild(
        path,
        lambda building: mart_files.build_day(
            building, path, contracts, NOTE, "mall", LAST_DAY, list(rows), fill
        ),
        lambda _line: None,
        10,
    )
    return path


def _whole(mart: MartContract, row: Mapping[str, object]) -> dict[str, object]:
    """The row with what it does not say: at noon, all observed, and no figure."""
    unknown = set(row) - set(mart.schema)
    assert not unknown, f"{mart.name} has no {unknown}"
    usual = dict(_USUAL)
    day, hour = row.get("trading_day", LAST_DAY), row.get("local_start", 12)
    assert isinstance(day, dt.date)
    assert isinstance(hour, int)
    noon = dt.datetime.combine(day, dt.time(hour))
    usual |= {"local_start": noon, "interval_start": noon, "hour_start": noon}
    told = {name: value for name, value in row.items() if name != "local_start"}
    return {name: (usual | told).get(name) for name in mart.schema}
