"""The fortnight that marts are tested on is what it says."""

import datetime as dt

import polars as pl
import pytest

from tests import arcade_fortnight, arcade_till
from tests.arcade_cameras import RIGHT_OF_THE_WALL
from tests.arcade_fortnight import EMPTY, GAPS, LATE, MISSING, NOBODY_ON
from vision.contract_check import violations
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.contracts_ingest import COVERAGE
from vision.site.rules import faults

pytestmark = pytest.mark.long
CAMERAS = ("cam_entrance", "cam_shops", "cam_till")
STORED = (COVERAGE, *RIGHT_OF_THE_WALL)


@pytest.fixture(scope="module")
def fortnight(tmp_path_factory):
    return arcade_fortnight.build(tmp_path_factory.mktemp("lake"), people=120)


def rows(fortnight, contract, day, camera):
    return fortnight.lake.stored(contract.name, day, camera)


def unobserved(gap, instant):
    return (pl.col(instant) >= gap.begins) & (pl.col(instant) < gap.ends)


def test_the_site_has_no_fault():
    assert list(faults(arcade_till.site())) == []


def test_there_are_two_weeks_of_trading_days(fortnight):
    assert len(fortnight.days) == 14
    assert all(fortnight.site.on(day).trading_hours for day in fortnight.days)


def test_every_row_keeps_its_contract(fortnight):
    for day in fortnight.days:
        for camera in fortnight.delivered(day):
            bounds = fortnight.lake.bounds(arcade_fortnight.CameraDay(day, camera))
            for contract in STORED:
                assert violations(rows(fortnight, contract, day, camera), contract, bounds) == []


def test_cameras_deliver_all_or_nothing(fortnight):
    for day in fortnight.days:
        for camera in CAMERAS:
            there = {rows(fortnight, contract, day, camera) is not None for contract in STORED}
            assert there == {(day, camera) not in (MISSING, LATE)}


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: f"{gap.camera} {gap.begins:%d %H:%M}")
def test_there_are_no_rows_in_a_gap(fortnight, gap):
    for contract, instant in ((ANONYMISED_TRAJECTORIES, "at"), (GATE_EVENTS, "at")):
        stored = rows(fortnight, contract, gap.day, gap.camera)
        assert stored.filter(unobserved(gap, instant)).is_empty()
    # A stay that a gap cuts is known up to the second in which the gap begins.
    visits = rows(fortnight, ZONE_VISITS, gap.day, gap.camera)
    second = dt.timedelta(seconds=1)
    across = (pl.col("entered_at") < gap.ends - second) & (pl.col("left_at") > gap.begins + second)
    assert visits.filter(across).is_empty()


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: f"{gap.camera} {gap.begins:%d %H:%M}")
def test_coverage_lacks_what_a_gap_takes_and_says_why(fortnight, gap):
    minutes = rows(fortnight, COVERAGE, gap.day, gap.camera).filter(
        (pl.col("minute") > gap.begins - dt.timedelta(minutes=1)) & (pl.col("minute") < gap.ends)
    )
    lacking = (60 - minutes["readable_s"]).sum()
    assert lacking == pytest.approx((gap.ends - gap.begins).total_seconds())
    assert set(minutes["reason"]) == {gap.reason}


def test_what_is_not_in_a_gap_is_observed_while_cameras_record(fortnight):
    gone = {(gap.day, gap.camera) for gap in GAPS} | {MISSING, EMPTY, LATE}
    for day in fortnight.days:
        for camera in CAMERAS:
            if (day, camera) not in gone:
                assert rows(fortnight, COVERAGE, day, camera)["readable_s"].sum() == 150 * 60


def test_on_one_day_nobody_comes_and_it_is_seen_that_nobody_does(fortnight):
    assert fortnight.truth[NOBODY_ON].people.is_empty()
    for camera in CAMERAS:
        assert rows(fortnight, COVERAGE, NOBODY_ON, camera)["readable_s"].sum() > 0
        for contract in RIGHT_OF_THE_WALL:
            assert rows(fortnight, contract, NOBODY_ON, camera).is_empty()


def test_a_camera_day_without_recordings_observes_nothing(fortnight):
    assert rows(fortnight, COVERAGE, *EMPTY)["readable_s"].sum() == 0
    assert all(rows(fortnight, contract, *EMPTY).is_empty() for contract in RIGHT_OF_THE_WALL)


def test_the_late_camera_day_can_be_stored_afterwards(tmp_path):
    day, camera = LATE
    late = arcade_fortnight.build(tmp_path, people=60, days=(day,))
    assert rows(late, GATE_EVENTS, day, camera) is None
    stored = late.store_late()
    assert (stored.day, stored.camera) == LATE
    assert rows(late, COVERAGE, day, camera)["readable_s"].sum() == 150 * 60
    assert rows(late, GATE_EVENTS, day, camera).height > 20


def test_a_day_is_the_same_whichever_others_there_are(fortnight, tmp_path):
    day = fortnight.days[1]
    alone = arcade_fortnight.build(tmp_path, people=120, days=(day,))
    assert alone.truth[day].people.equals(fortnight.truth[day].people)
    for camera in CAMERAS:
        for contract in STORED:
            one, two = (rows(lake, contract, day, camera) for lake in (alone, fortnight))
            assert one.equals(two)


def test_every_true_crossing_in_view_is_stored_to_the_second(fortnight):
    for day in fortnight.days:
        true = fortnight.truth[day].frames["gate_crossings"]
        for camera in fortnight.delivered(day):
            if camera == "cam_till" or any((gap.day, gap.camera) == (day, camera) for gap in GAPS):
                continue
            own = [gate.id for gate in fortnight.site.on(day).gates_of(camera)]
            expected = true.filter(pl.col("gate").is_in(own)).sort("gate", "at", "direction")
            found = rows(fortnight, GATE_EVENTS, day, camera).sort("gate", "at", "direction")
            assert found.height == expected.height
            apart = (found["at"] - expected["at"]).dt.total_milliseconds().abs()
            assert apart.max() is None or apart.max() <= 1000


def test_the_truth_has_lines_groups_and_staff(fortnight):
    people = pl.concat([one.people for one in fortnight.truth.values()])
    assert set(people["outcome"].drop_nulls()) >= {"served", "abandoned"}
    sizes = pl.concat(one.people.group_by("group").len() for one in fortnight.truth.values())["len"]
    assert set(sizes) == {1, 2, 3, 4}
    for day, one in fortnight.truth.items():
        assert one.people["is_staff"].sum() == (0 if day == NOBODY_ON else 3)
