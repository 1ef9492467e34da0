"""A real day, an objection from the command line, and the day made again with its recordings."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.release import published
from footfall_dagster.cli import main
from footfall_dagster.lake import CameraDay, NotMaterialised
from footfall_dagster.privacy.inspection import SiteInspector
from footfall_dagster.privacy.objecting import Objecting
from tests.privacy.finished_home import Home, lay_out, materialise, record
from vision.contracts import ANONYMISED_TRAJECTORIES, DETECTIONS, GATE_EVENTS, TRACKS
from vision.objections import SEEN

DAY = dt.date(2026, 3, 13)
CAMERA = "cam_entrance"
PEOPLE, SEED = 30, 5


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = lay_out(tmp_path_factory.mktemp("objections") / "var", DAY, DAY)
    record(home, DAY)
    return home


def told(home: Home, *arguments: str) -> Result:
    named = {
        "FOOTFALL_HOME": str(home.root),
        "FOOTFALL_SITE": str(home.settings.site),
        "FOOTFALL_RECORDINGS": str(home.settings.recordings),
        "FOOTFALL_WEIGHTS": "",
        "DAGSTER_HOME": str(home.dagster),
    }
    return CliRunner(env=named).invoke(main, ["objections", *arguments])


def test_who_objected_is_in_no_stage_and_does_not_come_back(home: Home) -> None:
    objecting = Objecting(home.settings, home.site)
    lake, warehouse, entrance = objecting.lake, objecting.warehouse, CameraDay(DAY, CAMERA)
    with home.open() as instance:
        materialise(home, instance, [DAY], people=PEOPLE, seed=SEED)
    before = {one: lake.read(one, entrance) for one in SEEN}
    event = before[GATE_EVENTS].row(len(before[GATE_EVENTS]) // 2, named=True)
    at = event["at"].astimezone(home.site.zone_info)
    counted = crossings(home)

    window = [f"{at + dt.timedelta(minutes=more):%Y-%m-%d %H:%M}" for more in (0, 1)]
    added = told(home, "add", "--gate", event["gate"], "--from", window[0], "--until", window[1])
    assert added.exit_code == 0, added.output
    applied = told(home, "apply", "--now")
    assert applied.exit_code == 0, applied.output

    after = {one: lake.read(one, entrance) for one in SEEN}
    starts = event["at"].replace(second=0)
    of_minute = pl.col("at").is_between(starts, starts + dt.timedelta(minutes=1))
    at_gate = of_minute & (pl.col("gate") == event["gate"])
    assert not before[GATE_EVENTS].filter(at_gate).is_empty()
    assert after[GATE_EVENTS].filter(at_gate).is_empty()
    assert len(after[ANONYMISED_TRAJECTORIES]) < len(before[ANONYMISED_TRAJECTORIES])
    for contract in (DETECTIONS, TRACKS):
        with pytest.raises(NotMaterialised, match="deleted for an objection"):
            lake.read(contract, entrance)
    gone = len(before[GATE_EVENTS]) - len(after[GATE_EVENTS])
    assert 0 < crossings(home) == counted - gone
    released = [published(mart) for mart in MARTS.values()]
    rows = warehouse.read_published_days(released, home.site.id, [DAY])
    assert all(frame.is_empty() for frame in rows.values())
    assert not any(home.settings.public_reports.rglob("*.html"))
    assert home.page(DAY).exists()

    with home.open() as instance:
        materialise(home, instance, [DAY], people=PEOPLE, seed=SEED)
    assert all(lake.read(one, entrance).equals(after[one]) for one in SEEN)
    assert lake.read(TRACKS, entrance).height > 0
    with home.open() as instance:
        inspected = {
            one.check: one
            for one in SiteInspector(home.settings, home.site).checks(DAY, Path(home.dagster), [])
            if one.check in {"objections", "closed_list", "retention"}
        }
    assert all(one.passed for one in inspected.values()), inspected
    assert inspected["objections"].rows > 0


def crossings(home: Home) -> int:
    stored = Objecting(home.settings, home.site).warehouse
    counts = stored.read_day(GATE_COUNTS_15MIN, home.site.id, DAY)
    return int(counts["entries"].sum() + counts["exits"].sum())
