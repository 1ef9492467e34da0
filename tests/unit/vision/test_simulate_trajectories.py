"""A day without pixels."""

import datetime as dt

import polars as pl
import pytest

from tests.unit.vision.simulated import arcade
from vision.contract_check import Bounds, violations
from vision.contracts import LAKE
from vision.simulate.store import store_trajectories
from vision.simulate.trajectories import simulate_trajectories

PEOPLE = 600
DATASETS = ("anonymised_trajectories", "gate_events", "zone_visits")


@pytest.fixture(scope="module")
def camera_days():
    return simulate_trajectories(arcade(), PEOPLE, seed=4)


@pytest.mark.parametrize("camera", ["cam_entrance", "cam_shops"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_every_row_keeps_its_contract(camera_days, camera, dataset):
    frame = getattr(camera_days[camera], dataset)
    assert frame.height > PEOPLE / 10
    assert violations(frame, LAKE[dataset], Bounds.of(arcade(), camera)) == []


def test_ids_are_ranks_of_whole_sequences(camera_days):
    frame = camera_days["cam_shops"].anonymised_trajectories
    sequences = [
        list(part.select("at", "x_m", "y_m").iter_rows())
        for _, part in frame.group_by("trajectory", maintain_order=True)
    ]
    assert sequences == sorted(sequences)


def test_trajectories_are_seen_without_a_break(camera_days):
    for camera_day in camera_days.values():
        gaps = camera_day.anonymised_trajectories.select(
            pl.col("at").diff().over("trajectory").dt.total_seconds()
        )["at"].drop_nulls()
        assert set(gaps) == {1}


def test_whoever_comes_in_by_the_entrance_at_most_goes_out_by_it(camera_days):
    counts = dict(camera_days["cam_entrance"].gate_events.group_by("direction").len().iter_rows())
    assert 0 < counts["in"] <= PEOPLE
    assert 0 < counts["out"] <= PEOPLE


def test_shops_are_left_as_often_as_entered_by_the_end_of_the_day(camera_days):
    events = camera_days["cam_shops"].gate_events
    by_gate = events.group_by("gate").agg(
        (pl.col("direction") == "in").sum().alias("in"),
        (pl.col("direction") == "out").sum().alias("out"),
    )
    assert by_gate["in"].to_list() == by_gate["out"].to_list()


def test_people_come_within_trading_hours(camera_days):
    opens, closes = arcade().trading_hours
    for camera_day in camera_days.values():
        assert camera_day.gate_events["at"].min() >= opens
        assert camera_day.gate_events["at"].max() <= closes + dt.timedelta(minutes=10)


def test_the_same_seed_gives_the_same_day(camera_days):
    again = simulate_trajectories(arcade(), PEOPLE, seed=4)
    other = simulate_trajectories(arcade(), PEOPLE, seed=5)
    for dataset in DATASETS:
        frame = getattr(camera_days["cam_shops"], dataset)
        assert frame.equals(getattr(again["cam_shops"], dataset))
        assert not frame.equals(getattr(other["cam_shops"], dataset))


def test_a_day_is_stored_once(tmp_path):
    first = store_trajectories(arcade(), tmp_path, people=50, seed=1)
    before = {path: path.stat().st_mtime_ns for path, _ in first}
    assert store_trajectories(arcade(), tmp_path, people=50, seed=1) == first
    assert {path: path.stat().st_mtime_ns for path, _ in first} == before
    assert {path: pl.read_parquet(path).height for path, _ in first} == dict(first)
    assert store_trajectories(arcade(), tmp_path, people=60, seed=1) != first


def test_nobody_leaves_empty_frames_of_the_right_schema():
    for camera_day in simulate_trajectories(arcade(), 0, seed=1).values():
        for dataset in DATASETS:
            frame = getattr(camera_day, dataset)
            assert frame.height == 0
            assert frame.schema == LAKE[dataset].schema
