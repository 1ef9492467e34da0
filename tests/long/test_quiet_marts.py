"""The search raises no alarm at a fortnight and at four weeks of marts, exact and released.

Two sizes of crowds: busy days have figures that few people do not make.
"""

import datetime as dt
from pathlib import Path

import pytest

from assets.marts.contracts import MARTS
from assets.marts.release import release
from footfall_dagster.privacy.findings import Finding
from footfall_dagster.privacy.search import search
from footfall_dagster.warehouse import DuckDBWarehouse
from tests import arcade_fortnight
from tests.arcade_till import FIRST
from tests.oracle.stored import materialise

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
DAYS = tuple(FIRST + dt.timedelta(days=number) for number in range(28))
K = 10


def found(warehouse: DuckDBWarehouse) -> list[Finding]:
    evidence = search({"core": warehouse.core, "published": warehouse.published})
    assert evidence.unread == ()
    return list(evidence.findings)


@pytest.mark.parametrize("people", [240, 600])
def test_weeks_of_ordinary_marts_raise_no_alarm(tmp_path: Path, people: int) -> None:
    fortnight = arcade_fortnight.build(tmp_path / "lake", people=people, days=DAYS)
    warehouse = DuckDBWarehouse.below(tmp_path / "warehouse")
    for weeks in (DAYS[:14], DAYS[14:]):
        materialise(fortnight.lake, warehouse, weeks)
        for day in weeks:
            exact = warehouse.read_days(list(MARTS.values()), fortnight.site.id, [day])
            for name, mart in MARTS.items():
                warehouse.note_checked(mart, fortnight.site.id, day, exact[name], passed=True)
            released = {name: release(mart, exact[name], K) for name, mart in MARTS.items()}
            warehouse.publish_day(fortnight.site.id, day, released)
        assert found(warehouse) == []
