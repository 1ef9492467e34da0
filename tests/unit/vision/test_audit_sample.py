"""Which minutes are drawn to be counted by eye."""

import datetime as dt
from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import small_mall
from tests.unit.small_mall import DAY
from vision.site.audit_sample import Interval, draw, intervals
from vision.site.audits import Audit
from vision.site.models import SiteDay

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
OPENS = dt.datetime(2026, 3, 11, 9, tzinfo=dt.UTC)
"""The mall is open for nine hours."""


def minutes(first: int, count: int) -> list[dt.datetime]:
    """So many minutes, beginning so many after opening."""
    return [OPENS + number * MINUTE for number in range(first, first + count)]


def audited(*counts: tuple[str, int, int]) -> SiteDay:
    """The day, with counts of (gate, minutes after opening, minutes)."""
    audits = tuple(
        Audit(
            gate=gate,
            starts=(OPENS + first * MINUTE).replace(tzinfo=None),
            minutes=length,
            entries=0,
            exits=0,
        )
        for gate, first, length in counts
    )
    return small_mall.site().model_copy(update={"audits": audits}).on(DAY)


def starts(found: list[Interval]) -> list[int]:
    """Minutes after opening."""
    return [(one.starts_at - OPENS) // MINUTE for one in found]


SPANS = st.lists(st.tuples(st.integers(-60, 600), st.integers(1, 90)), max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    spans=st.fixed_dictionaries({"door": SPANS, "back": SPANS}),
    counted=st.lists(st.integers(0, 520), max_size=3),
    length=st.sampled_from((1, 5, 7, 30)),
    number=st.integers(1, 60),
    seed=st.integers(0, 10_000),
)
def test_what_is_drawn_was_observed_in_trading_hours_and_is_counted_once(
    spans: dict[str, list[tuple[int, int]]],
    counted: list[int],
    length: int,
    number: int,
    seed: int,
):
    day = audited(*(("door", first, 4) for first in counted))
    whole = {
        gate: {minute for first, count in of_gate for minute in minutes(first, count)}
        for gate, of_gate in spans.items()
    }

    def drawn() -> list[Interval]:
        random = Random(seed)
        by_gate = {gate: intervals(day, gate, seen, length, random) for gate, seen in whole.items()}
        return draw(by_gate, number, random)

    found = drawn()
    assert found == drawn()
    assert len(found) <= number
    taken = {minute for first in counted for minute in minutes(first, 4)}
    for gate, seen in whole.items():
        own = [one for one in found if one.gate == gate]
        assert all(one.ends_at <= other.starts_at for one, other in pairwise(own))
        asked = [one.starts_at + after * MINUTE for one in own for after in range(length)]
        assert set(asked) <= seen
        assert all(OPENS <= minute < OPENS + 9 * HOUR for minute in asked)
        assert gate != "door" or not taken & set(asked)


def test_an_unbroken_stretch_is_used_up_to_what_an_interval_does_not_fill():
    for seed in range(20):
        found = starts(intervals(audited(), "door", minutes(10, 23), 5, Random(seed)))
        assert [later - earlier for earlier, later in pairwise(found)] == [5, 5, 5]
        assert 10 <= found[0] <= 13
    assert starts(intervals(audited(), "door", minutes(10, 4), 5, Random(1))) == []


def test_every_minute_of_a_stretch_is_drawn_now_and_then():
    seen = set()
    for seed in range(400):
        random = Random(seed)
        found = intervals(audited(), "door", minutes(0, 22), 5, random)
        (start,) = starts(draw({"door": found}, 1, random))
        seen |= {start + after for after in range(5)}
    assert seen == set(range(22))


def test_minutes_that_were_counted_are_not_drawn_again():
    day = audited(("door", 6, 2), ("back", 0, 20))
    first, second = starts(intervals(day, "door", minutes(0, 14), 5, Random(1)))
    assert 0 <= first <= 1
    assert 8 <= second <= 9


def test_on_a_closed_day_nothing_is_drawn():
    sunday = small_mall.site_day(dt.date(2026, 3, 15))
    assert intervals(sunday, "door", minutes(4 * 24 * 60, 60), 5, Random(1)) == []


def test_the_hour_that_clocks_show_twice_is_drawn_once():
    site = small_mall.site(trading_day_start=dt.time(0))
    hours = {"sun": site.file.trading_hours["mon"].model_copy(update={"opens": dt.time(0)})}
    night = site.model_copy(
        update={"file": site.file.model_copy(update={"trading_hours": hours})}
    ).on(dt.date(2026, 10, 25))
    midnight = dt.datetime(2026, 10, 24, 23, tzinfo=dt.UTC)
    whole = [midnight + number * MINUTE for number in range(180)]
    found = intervals(night, "door", whole, 60, Random(1))
    assert [one.starts_at for one in found] == [midnight, midnight + HOUR]


def test_each_gate_is_drawn_as_often_from_all_over_the_day():
    day = audited()
    random = Random(3)
    by_gate = {gate: intervals(day, gate, minutes(0, 540), 5, random) for gate in ("door", "back")}
    found = draw(by_gate, 12, random)
    for gate in by_gate:
        # Six parts of nine hours.
        assert [start // 90 for start in starts([one for one in found if one.gate == gate])] == (
            [0, 1, 2, 3, 4, 5]
        )


def test_what_one_gate_lacks_others_make_up_for():
    random = Random(3)
    by_gate = {
        "door": intervals(audited(), "door", minutes(0, 5), 5, random),
        "back": intervals(audited(), "back", minutes(0, 60), 5, random),
    }
    assert Counter(one.gate for one in draw(by_gate, 8, random)) == {"door": 1, "back": 7}
    assert Counter(one.gate for one in draw(by_gate, 50, random)) == {"door": 1, "back": 12}
    assert draw({"door": []}, 5, random) == []


@pytest.mark.parametrize("number", [5, 8])
def test_each_interval_of_a_gate_is_as_likely_as_any_other(number: int):
    of_gate = [Interval(n * HOUR, "door", OPENS + n * HOUR, 5) for n in range(40)]
    draws = 2000
    random = Random(1)
    seen = Counter(
        one.starts_at for _ in range(draws) for one in draw({"door": of_gate}, number, random)
    )
    wanted = draws * number / 40
    # Five standard deviations of a draw with that chance.
    assert all(abs(seen[one.starts_at] - wanted) < 5 * wanted**0.5 for one in of_gate)
