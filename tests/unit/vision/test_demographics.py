"""Guesses become counts of fifty people and more, or nothing."""

import datetime as dt
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.tracked import VIEW, line, seen, together
from vision.contract_check import Bounds, violations
from vision.contracts import AGE_BANDS, FEWEST_GUESSED, ZONE_DEMOGRAPHICS_DAILY
from vision.demographics import histogram, votes
from vision.site.models import Zone
from vision.site.privacy import Privacy
from vision.tracking import LookAheadTracker

TIMES = np.arange(0, 10, 0.2)
WOMAN, MAN, CHILD, UNSURE = (30.0, 0.02), (60.0, 0.97), (9.0, 0.03), (30.0, 0.5)
HALL = Zone(
    id="hall",
    kind="corridor",
    camera="cam",
    floor="ground",
    polygon_px=((200, 100), (400, 100), (400, 470), (200, 470)),
    min_dwell=1,
)
KEPT_OUT = Zone(
    id="staff_door",
    kind="exclude",
    camera="cam",
    floor="ground",
    polygon_px=((190, 100), (420, 100), (420, 470), (190, 470)),
)
DAY = dt.datetime(2026, 3, 14, tzinfo=dt.UTC)
BOUNDS = Bounds(
    (DAY, DAY + dt.timedelta(days=1)), (640, 480), (0, 0, 1, 1), set(), {"hall", "shop"}
)

cells = st.tuples(
    st.sampled_from(["hall", "shop"]),
    st.sampled_from(sorted(AGE_BANDS)),
    st.sampled_from(["female", "male"]),
)


def counted(
    guess: tuple[float, float], zones: tuple[Zone, ...] = (HALL,), looks: int = 50
) -> Counter[tuple[str, str, str]]:
    """Votes of one walker through the hall, guessed at in the first `looks` frames."""
    detections = seen(line((40, 300), (600, 300), 10), TIMES)
    guesses = np.full((detections.height, 2), np.nan, dtype=np.float32)
    guesses[:looks] = guess
    tracks = LookAheadTracker().track(detections, VIEW)
    return votes(tracks, detections, guesses, VIEW, zones)


@given(st.dictionaries(cells, st.integers(0, 200)), st.integers(-10, 300))
def test_no_cell_tells_of_fewer_than_k_people_nor_of_fewer_than_fifty(
    numbers: dict[tuple[str, str, str], int], k: int
) -> None:
    stored = histogram(Counter(numbers), k)
    assert violations(stored, ZONE_DEMOGRAPHICS_DAILY, BOUNDS) == []
    found = {row[:3]: row[3] for row in stored.iter_rows()}
    fewest = max(k, FEWEST_GUESSED)
    assert found.keys() == {cell for cell, number in numbers.items() if number >= fewest}
    for cell, people in found.items():
        assert FEWEST_GUESSED <= people <= numbers[cell]
        assert people > numbers[cell] - 10
        assert people % 10 == 0


@pytest.mark.parametrize("people", [0, 1, 40, 49, 53])
def test_the_wall_takes_no_cell_below_fifty_nor_an_exact_one(people: int) -> None:
    row = pl.DataFrame(
        [("hall", "18_to_34", "male", people)], schema=ZONE_DEMOGRAPHICS_DAILY.schema, orient="row"
    )
    assert violations(row, ZONE_DEMOGRAPHICS_DAILY, BOUNDS)


@pytest.mark.parametrize("k", [10, 49, 55])
def test_a_site_cannot_ask_for_a_smaller_or_an_odd_k(k: int) -> None:
    with pytest.raises(ValueError, match="age_gender"):
        Privacy.model_validate({"age_gender": {"k": k}})


def test_a_site_may_raise_k_and_asks_for_nothing_by_itself() -> None:
    raised = Privacy.model_validate({"age_gender": {"k": 100}})
    assert raised.age_gender is not None
    assert raised.age_gender.k == 100
    assert Privacy().age_gender is None
    assert Privacy().appearance == "off"


def test_a_walker_votes_once_in_a_zone_that_they_visit() -> None:
    assert counted(WOMAN) == {("hall", "18_to_34", "female"): 1}
    assert counted(MAN) == {("hall", "55_and_over", "male"): 1}


@pytest.mark.parametrize("guess", [CHILD, UNSURE, (150.0, 0.99)], ids=["child", "unsure", "absurd"])
def test_children_and_doubtful_guesses_do_not_count(guess: tuple[float, float]) -> None:
    assert not counted(guess)


def test_two_looks_are_too_few_and_three_enough() -> None:
    assert not counted(MAN, looks=2)
    assert counted(MAN, looks=3).total() == 1


def test_nobody_is_counted_in_a_zone_that_they_only_touch() -> None:
    assert not counted(MAN, zones=(HALL.model_copy(update={"min_dwell": 60}),))


def test_what_was_seen_where_nobody_may_be_followed_does_not_count() -> None:
    assert not counted(MAN, zones=(HALL, KEPT_OUT))


def test_each_person_gets_their_own_guess() -> None:
    walks = [
        seen(line((40, 300), (600, 300), 10), TIMES),
        seen(line((600, 420), (40, 420), 10), TIMES),
    ]
    detections = together(walks)
    first = detections["y_max"].to_numpy() < 350
    guesses = np.where(first[:, None], WOMAN, MAN).astype(np.float32)
    tracks = LookAheadTracker().track(detections, VIEW)
    assert votes(tracks, detections, guesses, VIEW, (HALL,)) == {
        ("hall", "18_to_34", "female"): 1,
        ("hall", "55_and_over", "male"): 1,
    }
