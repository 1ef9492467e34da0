"""Twenty days that are drawn from a seed: what is published of them tells of nobody few."""

import datetime as dt
import sys
from pathlib import Path

import pytest

from assets.marts.contracts import MARTS
from assets.marts.release import published
from assets.release.day import Decision, decide
from assets.release.policy import CHANGES
from footfall_dagster.warehouse import DuckDBWarehouse
from tests import arcade_fortnight
from tests.arcade_fortnight import DAYS, EMPTY, LATE, MISSING, NOBODY_ON
from tests.oracle.stored import materialise

pytestmark = pytest.mark.long

SEEDS = (11, 12)
BUSY = tuple(day for day in DAYS if day not in (EMPTY[0], LATE[0], MISSING[0], NOBODY_ON))
PEOPLE = 240
"""On a weekday: as many as have hours of fewer than ten and hours of more beside each other."""


def decisions(folder: Path, seed: int) -> dict[dt.date, Decision]:
    fortnight = arcade_fortnight.build(folder / "lake", people=PEOPLE, seed=seed, days=BUSY)
    warehouse = DuckDBWarehouse.below(folder / "warehouse")
    materialise(fortnight.lake, warehouse, BUSY)
    site, made = fortnight.site, {}
    earlier = {name: published(MARTS[name]).empty() for name in CHANGES}
    for day in BUSY:
        exact = warehouse.read_days(list(MARTS.values()), site.id, [day])
        made[day] = decide(site.on(day), exact, earlier)
    return made


def test_no_suppressed_figure_is_recovered_on_twenty_days(tmp_path: Path):
    """And some would be on each of them, if nothing were blanked besides."""
    found = [
        (seed, day, one)
        for seed in SEEDS
        for day, one in decisions(tmp_path / str(seed), seed).items()
    ]
    for seed, day, one in found:
        sys.stdout.write(
            f"seed {seed}, {day}: {one.small} figures of fewer than 10 people, {one.open_before} "
            f"of them recoverable; {one.more} more blanked, {one.open_after} recoverable\n"
        )
    assert len(found) == 20
    assert all(one.open_before > 0 for _, _, one in found)
    assert all(one.open_after == 0 for _, _, one in found)
