"""When files began, by several clocks that may disagree."""

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.exports.clocks import Started, choose, corrected, drift_s_per_day
from vision.site.models import Clock

S = 1_000_000
NOON = 1_773_489_600 * S


def named(*starts_s: float, lasts_s: float = 10.0) -> list[Started]:
    return [
        Started(NOON + round(s * S), round(lasts_s * S), "name", NOON + round(s * S))
        for s in starts_s
    ]


def begins(starts: list[Started]) -> list[float]:
    return [(one.at_us - NOON) / S for one in starts]


def test_the_first_source_of_the_order_is_taken_and_the_farthest_other_named() -> None:
    told = {"name": NOON, "container": NOON + 3600 * S, "sidecar": NOON + 1 * S}
    began = choose(told, 10 * S, Clock(order=("name", "container", "sidecar")))
    assert began is not None
    assert (began.source, began.at_us) == ("name", NOON)
    assert (began.compared_with, began.apart_s) == ("container", 3600.0)


def test_what_nobody_tells_is_not_invented() -> None:
    assert choose({}, S, Clock()) is None
    assert choose({"name": NOON}, S, Clock(order=("onvif",))) is None


def test_a_clock_that_is_years_off_is_a_day_off() -> None:
    began = choose({"name": NOON, "container": 0}, S, Clock(order=("name", "container")))
    assert began is not None
    assert began.apart_s == -86_400.0


def test_files_that_meet_within_the_precision_of_names_are_joined() -> None:
    assert begins(corrected(named(0, 11, 19, 30), Clock())) == [0, 10, 20, 30]


def test_a_real_gap_stays_one() -> None:
    assert begins(corrected(named(0, 14, 24), Clock())) == [0, 14, 24]


def test_a_recorder_that_loses_a_second_at_each_cut_is_believed() -> None:
    at_each_cut = [n * 11.2 for n in range(12)]
    assert begins(corrected(named(*at_each_cut), Clock())) == pytest.approx(at_each_cut)


def test_a_recorder_that_records_two_seconds_twice_is_believed() -> None:
    at_each_cut = [n * 8.4 for n in range(12)]
    assert begins(corrected(named(*at_each_cut), Clock())) == pytest.approx(at_each_cut)


def test_the_same_hour_exported_twice_is_not_put_end_to_end() -> None:
    assert begins(corrected(named(0, 1, lasts_s=1.5), Clock())) == [0, 1.5]
    assert begins(corrected(named(0, 1, lasts_s=3600), Clock())) == [0, 1]


def test_joining_can_be_switched_off() -> None:
    assert begins(corrected(named(0, 11), Clock(join_within_s=0))) == [0, 11]


@given(st.lists(st.integers(3, 600), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_names_that_are_half_a_second_off_give_back_the_whole(
    lengths: list[int], chance: random.Random
) -> None:
    at, starts, expected = 0.0, [], []
    for length in lengths:
        told = NOON + round((at + chance.uniform(-0.5, 0.5) * bool(starts)) * S)
        starts.append(Started(told, length * S, "name", told))
        expected.append(at)
        at += length
    assert begins(corrected(starts, Clock())) == expected


@given(st.lists(st.tuples(st.floats(0.5, 60), st.floats(-5, 5)), min_size=1, max_size=40))
def test_joining_moves_nothing_farther_than_it_may_and_keeps_the_order(
    files: list[tuple[float, float]],
) -> None:
    at, starts = 0.0, []
    for lasts, jitter in files:
        told = NOON + round((at + jitter) * S)
        starts.append(Started(told, round(lasts * S), "name", told))
        at += lasts
    joined = corrected(sorted(starts, key=lambda one: one.at_us), Clock())
    assert all(abs(one.corrected_s) <= 2.0 for one in joined)
    assert all(one.told_us <= two.told_us for one, two in pairwise(joined))


@pytest.mark.parametrize("gains_s_per_day", [0.0, 6.0, -12.0])
def test_drift_between_two_clocks_is_measured(gains_s_per_day: float) -> None:
    starts = _drifting(gains_s_per_day)
    assert drift_s_per_day(starts, Clock()) == pytest.approx(gains_s_per_day, abs=0.3)


def test_drift_is_corrected_where_the_site_asks_and_outliers_do_not_matter() -> None:
    starts = _drifting(12.0)
    bad = starts[7]
    starts[7] = Started(bad.at_us, bad.lasts_us, "name", bad.told_us, "container", 3000.0)
    told = Clock(correct_drift=True, join_within_s=0)
    moved = [one.corrected_s for one in corrected(starts, told)]
    assert moved[0] == pytest.approx(0, abs=0.3)
    assert moved[-1] == pytest.approx(12.0 * 23 / 24, abs=0.6)
    assert all(one.corrected_s == 0 for one in corrected(starts, Clock(join_within_s=0)))


@pytest.mark.parametrize(
    "apart",
    [
        pytest.param(lambda _hour: -86_400.0, id="a clock that was never set"),
        pytest.param(lambda hour: 28_000.0 * (hour - 3), id="a clock that runs away"),
    ],
)
def test_a_clock_that_would_move_files_by_a_day_corrects_nothing(
    apart: Callable[[int], float],
) -> None:
    starts = [
        replace(one, apart_s=max(-86_400.0, min(86_400.0, apart(hour))))
        for hour, one in enumerate(_drifting(0.0))
    ]
    told = Clock(correct_drift=True, join_within_s=0)
    assert [one.corrected_s for one in corrected(starts, told)] == [0.0] * len(starts)


def _drifting(gains_s_per_day: float) -> list[Started]:
    chance = random.Random(4)
    return [
        Started(
            NOON + hour * 3600 * S,
            600 * S,
            "name",
            NOON + hour * 3600 * S,
            "container",
            gains_s_per_day * hour / 24 + chance.uniform(-0.2, 0.2),
        )
        for hour in range(24)
    ]


def test_with_one_clock_the_lengths_of_the_files_are_the_other() -> None:
    # Frames say 600.1 s where names say 600.
    starts = [
        Started(NOON + n * 600 * S, round(600.1 * S), "name", NOON + n * 600 * S) for n in range(20)
    ]
    gained = drift_s_per_day(starts, Clock())
    assert gained == pytest.approx(0.1 / 600 * 86_400, rel=0.05)


def test_a_few_files_say_nothing_of_drift() -> None:
    assert drift_s_per_day(named(0, 10, 20), Clock()) is None
    assert drift_s_per_day([], Clock()) is None
