"""One timeline from files that overlap, repeat each other and pause."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.exports.timeline import Candidate, Taken, resolve, rows

DAY = (0, 1_000)


def candidate(name: str, *stretches: tuple[int, int], fps: float = 25.0) -> Candidate:
    return Candidate(sha256=name.ljust(64, "0"), stretches=stretches, fps=fps)


def shown(candidates: list[Candidate], window: tuple[int, int] = DAY) -> list[tuple[int, int, str]]:
    taken = resolve(candidates, window)
    return [(t.begins_us, t.ends_us, candidates[t.candidate].sha256.rstrip("0")) for t in taken]


A, B = candidate("a", (0, 100)), candidate("b", (90, 190))


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        pytest.param([A, B], [(0, 100, "a"), (100, 190, "b")], id="an overlap is the earlier's"),
        pytest.param(
            [candidate("a", (0, 50)), candidate("b", (0, 100))],
            [(0, 100, "b")],
            id="a whole export wins over a piece of it",
        ),
        pytest.param(
            [candidate("a", (0, 100), fps=5), candidate("b", (20, 40))],
            [(0, 20, "a"), (20, 40, "b"), (40, 100, "a")],
            id="more frames win where there are some",
        ),
        pytest.param(
            [candidate("a", (0, 100), fps=24.8), candidate("b", (20, 40), fps=25.2)],
            [(0, 100, "a")],
            id="fractions of a frame do not",
        ),
        pytest.param(
            [candidate("a", (0, 30), (60, 100)), candidate("b", (20, 70))],
            [(0, 30, "a"), (30, 60, "b"), (60, 100, "a")],
            id="another file fills a pause",
        ),
        pytest.param(
            [candidate("a", (-50, 50)), candidate("b", (990, 1200))],
            [(0, 50, "a"), (990, 1000, "b")],
            id="the day cuts",
        ),
        pytest.param([candidate("a", (-50, 0))], [], id="nothing of the day is no stretch"),
        pytest.param([], [], id="no files"),
    ],
)
def test_each_moment_is_taken_from_the_best_file(
    candidates: list[Candidate], expected: list[tuple[int, int, str]]
) -> None:
    assert shown(candidates) == expected


spans = st.tuples(st.integers(-200, 1200), st.integers(1, 400)).map(lambda s: (s[0], s[0] + s[1]))


@st.composite
def recordings(draw: st.DrawFn) -> list[Candidate]:
    found = []
    for number in range(draw(st.integers(0, 6))):
        points = sorted(draw(st.sets(st.integers(-200, 1200), min_size=2, max_size=8)))
        stretches = [(a, b) for n, (a, b) in enumerate(pairwise(points)) if n % 2 == 0]
        fps = draw(st.sampled_from([5.0, 24.9, 25.0]))
        found.append(candidate("abcdef"[number], *stretches, fps=fps))
    return found


@given(recordings())
def test_every_recorded_moment_is_had_once_and_no_other(candidates: list[Candidate]) -> None:
    taken = resolve(candidates, DAY)
    assert all(one.begins_us < one.ends_us for one in taken)
    assert all(one.ends_us <= two.begins_us for one, two in pairwise(taken))
    recorded = {
        moment
        for one in candidates
        for begin, end in one.stretches
        for moment in range(max(begin, DAY[0]), min(end, DAY[1]))
    }
    assert recorded == {m for one in taken for m in range(one.begins_us, one.ends_us)}
    for one in taken:
        assert any(
            begin <= one.begins_us and one.ends_us <= end
            for begin, end in candidates[one.candidate].stretches
        )


@given(recordings(), st.randoms())
def test_the_order_in_which_files_are_listed_changes_nothing(
    candidates: list[Candidate],
    random: "st.Random",  # type: ignore[name-defined]
) -> None:
    mixed = list(candidates)
    random.shuffle(mixed)
    assert shown(mixed) == shown(candidates)


def test_rows_name_the_content_and_no_file() -> None:
    frame = rows([Taken(0, 1_000_000, 0)], [A])
    assert frame.columns == ["begins_at", "ends_at", "sha256"]
    assert frame["sha256"].to_list() == [A.sha256]
