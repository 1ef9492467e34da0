"""Crossings, visits and occupancy beside a truth of a minute."""

import datetime as dt

import polars as pl

from vision.contracts import GATE_EVENTS, ZONE_VISITS
from vision.evaluate.counts import GateCount, gate_counts, zone_counts
from vision.exports.instants import us_of
from vision.site.models import Zone

START = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
MINUTE = (us_of(START), us_of(START) + 60_000_000)
SHOP = Zone(
    id="shop",
    kind="store",
    camera="cam",
    floor="ground",
    polygon=((0, 0), (9, 0), (9, 9)),
    min_dwell=5,
)


def _at(seconds):
    return START + dt.timedelta(seconds=seconds)


def _crossings(*rows):
    events = [(gate, _at(at), direction, "track") for gate, at, direction in rows]
    return pl.DataFrame(events, schema=GATE_EVENTS.schema, orient="row")


def _visits(*rows, zone="shop"):
    stays = [(zone, _at(begin), _at(end), end - begin, "both") for begin, end in rows]
    return pl.DataFrame(stays, schema=ZONE_VISITS.schema, orient="row")


def test_gates_are_counted_each_way():
    counted = _crossings(
        ("door", 1, "in"), ("door", 2, "in"), ("door", 3, "out"), ("side", 4, "in")
    )
    truth = _crossings(("door", 1, "in"), ("door", 5, "out"), ("door", 6, "out"))
    assert gate_counts(counted, truth, ["door", "lift"], [MINUTE]) == [
        GateCount("door", entries=2, true_entries=1, exits=1, true_exits=2),
        GateCount("lift", 0, 0, 0, 0),
    ]


def test_what_happened_unrecorded_is_left_out():
    rows = _crossings(("door", 1, "in"), ("door", 59, "in"), ("door", 60, "in"))
    (count,) = gate_counts(rows.head(1), rows, ["door"], [MINUTE])
    assert (count.entries, count.true_entries) == (1, 2)
    assert gate_counts(rows, rows, ["door"], [])[0].true_entries == 0


def test_visits_dwell_and_occupancy_of_a_zone():
    # Moments looked at: 0, 10, ..., 50 s. Counted 0 1 1 1 0 0 (the stay of 3 s is no visit),
    # in truth 0 1 2 2 1 0.
    counted = _visits((5, 40), (41, 44))
    truth = _visits((5, 41), (15, 35))
    (count,) = zone_counts(counted, truth, [SHOP], [MINUTE])
    assert (count.visits, count.true_visits) == (1, 2)
    assert (count.dwell_median_s, count.true_dwell_median_s) == (35, 28)
    assert count.occupancy == 3 / 6
    assert count.true_occupancy == 6 / 6
    assert count.occupancy_error == 3 / 6


def test_errors_one_way_do_not_make_up_for_errors_the_other_way():
    (count,) = zone_counts(_visits((5, 15)), _visits((25, 35)), [SHOP], [MINUTE])
    assert count.occupancy == count.true_occupancy
    assert count.occupancy_error == 2 / 6


def test_a_truth_beside_itself_is_without_error():
    stays = _visits((0, 9), (3, 55), (20, 30))
    (count,) = zone_counts(stays, stays, [SHOP], [MINUTE])
    assert count.occupancy_error == 0
    assert count.true_occupancy
    assert count.dwell_median_s == count.true_dwell_median_s == 10


def test_a_zone_that_nobody_visits_has_no_dwell():
    empty = _visits()
    (count,) = zone_counts(empty, _visits((0, 9), zone="other"), [SHOP], [MINUTE])
    assert (count.visits, count.true_visits) == (0, 0)
    assert (count.dwell_median_s, count.true_dwell_median_s) == (None, None)
    assert (count.occupancy, count.occupancy_error) == (0, 0)
    (unseen,) = zone_counts(empty, empty, [SHOP], [])
    assert (unseen.occupancy, unseen.occupancy_error) == (None, None)
