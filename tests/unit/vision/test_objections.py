"""Whose rows go when somebody objects, and whose stay."""

import datetime as dt

import polars as pl
import pytest

from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contract_check import Bounds, violations
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.objections import SEEN, Objection, Place, is_seen, without

SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
IN = [(0.125, 4.125), (1.125, 3.125), (2.125, 2.125)]
"""Through the door and into the shop."""
SHOPPING = [*IN, *[(2.125, 2.125)] * 20, *IN[::-1]]
FAR = [(9.625, 7.625)] * 30
"""Where neither gate nor zone is."""


def rows(*shoppers: dt.datetime, far: tuple[dt.datetime, ...] = ()) -> dict[str, pl.DataFrame]:
    """What is stored of people who come in, shop and leave, and of some who stand far away."""
    last = len(SHOPPING) - 1
    starts = sorted([*((at, SHOPPING) for at in shoppers), *((at, FAR) for at in far)])
    return {
        ANONYMISED_TRAJECTORIES.name: small_mall.walks(*starts),
        GATE_EVENTS.name: small_mall.crossings(
            *(("door", at, "in") for at in shoppers),
            *(("door", at + last * SECOND, "out") for at in shoppers),
        ),
        ZONE_VISITS.name: small_mall.stays(*(("shop", at + 2 * SECOND, 21) for at in shoppers)),
    }


def objection(
    kind: str, name: str, at: dt.datetime, length: dt.timedelta = MINUTE, *point: float
) -> Objection:
    return Objection(DAY, at, at + length, Place(kind, name, *point))  # type: ignore[arg-type]


def left(
    stored: dict[str, pl.DataFrame], *objections: Objection, camera: str = "cam_a"
) -> dict[str, pl.DataFrame]:
    return without(stored, objections, small_mall.site_day(), camera)


def same(first: dict[str, pl.DataFrame], second: dict[str, pl.DataFrame]) -> bool:
    return all(first[name].equals(second[name]) for name in second)


@pytest.mark.parametrize(
    "place",
    [
        ("gate", "door"),
        ("zone", "shop"),
        ("camera", "cam_a"),
        ("point", "ground"),
    ],
    ids=" ".join,
)
def test_whoever_was_there_is_gone_from_the_whole_day_as_if_never_seen(place: tuple[str, str]):
    away = NOON + 10 * MINUTE
    point = (2.0, 2.0, 1.0) if place[0] == "point" else ()
    asked = objection(*place, NOON, 5 * SECOND, *point)
    assert same(left(rows(NOON, away), asked), rows(away))


def test_who_leaves_by_another_gate_an_hour_later_is_gone_there_as_well():
    stored = rows(NOON)
    asked = objection("gate", "door", NOON + 24 * SECOND, 5 * SECOND)
    assert all(frame.is_empty() for frame in left(stored, asked).values())


def test_bystanders_go_with_those_who_object_and_nobody_else_does():
    beside, after, away = NOON + 2 * SECOND, NOON + 5 * MINUTE, NOON
    stored = rows(NOON, beside, after, far=(away,))
    asked = objection("gate", "door", NOON, 2 * SECOND)
    assert same(left(stored, asked), rows(after, far=(away,)))


def test_where_trajectories_are_past_their_retention_the_place_itself_is_cleared():
    stored = rows(NOON, NOON + 10 * MINUTE)
    del stored[ANONYMISED_TRAJECTORIES.name]
    found = left(stored, objection("gate", "door", NOON, 5 * SECOND))
    assert set(found) == {GATE_EVENTS.name, ZONE_VISITS.name}
    events = found[GATE_EVENTS.name]
    assert events["at"].to_list() == [
        NOON + 25 * SECOND,
        NOON + 10 * MINUTE,
        NOON + 10 * MINUTE + 25 * SECOND,
    ]
    # Nobody knows any more that they were in the shop.
    assert found[ZONE_VISITS.name].equals(stored[ZONE_VISITS.name])


def test_stays_in_a_zone_that_overlaps_the_place_go_without_trajectories_as_well():
    stored = rows(NOON, NOON + 10 * MINUTE)
    del stored[ANONYMISED_TRAJECTORIES.name]
    found = left(stored, objection("point", "ground", NOON, MINUTE, 4.5, 2.0, 1.0))
    assert found[ZONE_VISITS.name]["entered_at"].to_list() == [NOON + 10 * MINUTE + 2 * SECOND]
    assert found[GATE_EVENTS.name].equals(stored[GATE_EVENTS.name])


def test_what_is_left_keeps_the_contracts():
    site_day = small_mall.site_day()
    stored = rows(NOON, NOON + SECOND, NOON + MINUTE, far=(NOON, NOON + 3 * MINUTE))
    found = left(stored, objection("zone", "shop", NOON, 30 * SECOND))
    for contract in SEEN:
        assert violations(found[contract.name], contract, Bounds.of(site_day, "cam_a")) == []
    assert 0 < found[ANONYMISED_TRAJECTORIES.name].height < stored["anonymised_trajectories"].height


def test_to_take_away_twice_changes_nothing():
    stored = rows(NOON, NOON + 3 * SECOND, NOON + MINUTE, far=(NOON,))
    asked = objection("zone", "shop", NOON + 5 * SECOND)
    once = left(stored, asked)
    assert same(left(once, asked), once)


@pytest.mark.parametrize(
    "asked",
    [
        objection("gate", "door", NOON + MINUTE),
        objection("gate", "back", NOON),
        objection("zone", "aisle", NOON),
        objection("camera", "cam_b", NOON),
        objection("point", "ground", NOON, MINUTE, 9.0, 1.0, 2.0),
        Objection(DAY - dt.timedelta(days=1), NOON, NOON + MINUTE, Place("gate", "door")),
    ],
    ids=["later", "another gate", "another zone", "another camera", "elsewhere", "another day"],
)
def test_nobody_goes_who_was_not_there(asked: Objection):
    stored = rows(NOON, NOON + 3 * SECOND)
    assert same(left(stored, asked), stored)


def test_a_camera_that_sees_the_same_floor_loses_who_was_at_the_place():
    stored = {
        ANONYMISED_TRAJECTORIES.name: small_mall.walks((NOON, SHOPPING)),
        GATE_EVENTS.name: GATE_EVENTS.empty(),
        ZONE_VISITS.name: ZONE_VISITS.empty(),
    }
    asked = objection("zone", "shop", NOON)
    assert is_seen(asked, small_mall.site_day(), "cam_b")
    assert left(stored, asked, camera="cam_b")[ANONYMISED_TRAJECTORIES.name].is_empty()
    assert not is_seen(objection("camera", "cam_a", NOON), small_mall.site_day(), "cam_b")
