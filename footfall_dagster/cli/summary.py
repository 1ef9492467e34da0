"""A day as one wants to see it in a terminal: counts, truth where it is known, checks, places.

Belongs here: printing. Does not belong here: making what is printed (`footfall_dagster.day`).
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from rich.console import Console
from rich.table import Table

from assets.marts.of_gates import GATE_ACCURACY_DAILY, GATE_COUNTS_15MIN
from assets.reports.page import share
from footfall_dagster.day import DayRuns
from footfall_dagster.resources import data_docs, report_store, warehouse
from footfall_dagster.settings import Settings
from vision.site.load import load_site
from vision.site.models import Site

_DIRECTIONS = {"entries": "in", "exits": "out"}


def print_day(
    settings: Settings,
    instance: dg.DagsterInstance,
    runs: DayRuns,
    day: dt.date,
    console: Console,
) -> None:
    """Print gate counts beside the truth, the checks, and where everything is."""
    site = load_site(settings.site)
    console.print(_gates(settings, site, day))
    _print_checks(instance, runs, console)
    console.print(f"\nReport    {report_store(settings, site).page(day)}")
    console.print(f"Data Docs {data_docs(settings, site).page(day)}")
    shown = warehouse(settings).shown()
    console.print(f"DuckDB    {shown['core']} (exact, restricted)")
    console.print(
        f"          {shown['published']} (no figure of fewer than {site.file.privacy.k} people)"
    )


def _gates(settings: Settings, site: Site, day: dt.date) -> Table:
    counted = (
        warehouse(settings)
        .read_day(GATE_COUNTS_15MIN, site.id, day)
        .group_by("gate")
        .agg(
            pl.col("entries", "exits").sum(),
            (pl.col("observed_minutes").sum() / 60).alias("hours"),
        )
        .sort("gate")
    )
    truth = _truth(settings, site, day)
    table = Table(title=f"{site.file.name}, {day}", title_justify="left")
    table.add_column("gate")
    for name in _DIRECTIONS:
        table.add_column(name, justify="right")
        if truth is not None:
            table.add_column("truth", justify="right", style="dim")
    table.add_column("observed", justify="right")
    by_eye = _by_eye(settings, site, day)
    if by_eye:
        table.add_column("accuracy by eye", justify="right")
    for row in counted.iter_rows(named=True):
        cells = [row["gate"]]
        for name, direction in _DIRECTIONS.items():
            cells.append("NULL" if not row["hours"] else str(row[name]))
            if truth is not None:
                cells.append(str(truth.get((row["gate"], direction), 0)))
        cells.append(f"{row['hours'] * 60:.1f} min")
        if by_eye:
            cells.append(by_eye.get(row["gate"], "not measured"))
        table.add_row(*cells)
    return table


def _by_eye(settings: Settings, site: Site, day: dt.date) -> dict[str, str]:
    """How exactly each gate counts at which somebody counted by eye, with its interval."""
    rows = warehouse(settings).read_day(GATE_ACCURACY_DAILY, site.id, day)
    return {row["gate"]: accuracy(row) for row in rows.iter_rows(named=True) if row["audits"]}


def accuracy(row: Mapping[str, Any]) -> str:
    """The accuracy of a row of `gate_accuracy_daily`, with its interval, in words."""
    if row["audit_accuracy"] is None:
        return "nobody came"
    if row["audit_low"] is None:
        return f"{share(row['audit_accuracy'])}, no interval"
    between = f"{share(row['audit_low'])} to {share(row['audit_high'])}"
    return f"{share(row['audit_accuracy'])} ({between})"


def _truth(settings: Settings, site: Site, day: dt.date) -> dict[tuple[str, str], int] | None:
    """Crossings by gate and direction that the simulator wrote beside its recordings."""
    if not isinstance(settings.recordings, Path):
        return None
    path = settings.recordings / "truth" / "gate_crossings.parquet"
    if not path.is_file():
        return None
    crossings = pl.read_parquet(path).filter(pl.col("at").is_between(*site.day_window(day)))
    counts = crossings.group_by("gate", "direction").len()
    return {(gate, direction): n for gate, direction, n in counts.iter_rows()}


def _print_checks(instance: dg.DagsterInstance, runs: DayRuns, console: Console) -> None:
    passed = 0
    for partition, run_id in runs.run_ids.items():
        for record in instance.get_records_for_run(
            run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records:
            event = record.event_log_entry.dagster_event
            evaluation = event.asset_check_evaluation_data if event is not None else None
            if evaluation is None:
                continue
            if evaluation.passed:
                passed += 1
                continue
            name = f"{evaluation.asset_key.path[-1]}.{evaluation.check_name}"
            console.print(
                f"{evaluation.severity.value}: {name} of {partition}: {evaluation.description}"
            )
    console.print(f"{passed} checks passed")
