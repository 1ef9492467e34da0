"""What one person brings is bounded, and noise hides that much and no less."""

import datetime as dt
import math
import subprocess
import sys
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import beta

from assets.marts.contracts import DATA_QUALITY_DAILY
from assets.marts.of_gates import FOOTFALL_DAILY
from assets.release.contributions import VISITS, bounded, visits
from assets.release.noise import mechanism, pairs_of_person
from assets.release.pieces import pieces_measured
from tests.unit import small_mall
from tests.unit.small_mall import NOON
from vision.site.release import Noise

PLACED = {
    "camera": pl.String(),
    "trajectory": pl.Int32(),
    "cell": pl.Int64(),
    "entered_at": pl.Int64(),
}
CELLS = 9
DRAWS = 4000
FALSE_ALARM = 1e-6
"""How often a whole test of the right mechanism may fail."""


def placed(*rows: tuple[str, int, int, int]) -> pl.DataFrame:
    """Rows of (camera, trajectory, cell, entered_at), the last in seconds from anywhere."""
    return pl.DataFrame(rows, schema=PLACED, orient="row")


def lingering(trajectory: int) -> list[tuple[str, int, int, int]]:
    """Somebody who is in every cell, one after the other, all day long and round again."""
    return [("cam_a", trajectory, second % CELLS, second) for second in range(5 * CELLS)]


CROWD = [("cam_a", 100 + number, number % CELLS, 7 * number) for number in range(40)]


# What one person brings.

people = st.lists(
    st.tuples(
        st.sampled_from(("cam_a", "cam_b")),
        st.integers(0, 6),
        st.integers(0, 12),
        st.integers(0, 30),
    ),
    max_size=120,
)


@given(people, st.integers(1, 8))
def test_a_trajectory_counts_in_so_many_cells_at_most_and_once_in_each(rows, cells: int):
    left = bounded(placed(*rows), cells)
    assert left.is_duplicated().sum() == 0
    for camera, trajectory in {row[:2] for row in rows}:
        been = {row[2] for row in rows if row[:2] == (camera, trajectory)}
        kept = left.filter(camera=camera, trajectory=trajectory)["cell"]
        assert len(kept) == min(cells, len(been))
        assert set(kept) <= been


@given(people, people, st.integers(1, 8))
def test_what_counts_of_a_trajectory_depends_on_nobody_else(rows, others, cells: int):
    others = [(f"{camera}_too", *rest) for camera, *rest in others]
    alone = bounded(placed(*rows), cells)
    together = bounded(placed(*others, *rows[::-1]), cells)
    assert together.filter(~pl.col("camera").str.ends_with("_too")).equals(alone)


@given(people, st.integers(1, 8), st.integers(0, 6), st.integers(1, 3))
def test_days_without_a_person_differ_by_what_a_person_may_bring(
    rows, cells: int, first: int, pieces: int
):
    noise = Noise(cells_per_person=cells, pieces_per_person=pieces)
    person = {("cam_a", first + piece) for piece in range(pieces)}
    with_them = Counter(bounded(placed(*rows), cells)["cell"])
    rest = [row for row in rows if row[:2] not in person]
    without = Counter(bounded(placed(*rest), cells)["cell"])
    apart = (with_them - without) + (without - with_them)
    assert apart.total() <= pairs_of_person(noise)


def test_of_somebody_who_lingers_all_day_in_all_zones_the_first_cells_count():
    left = bounded(placed(*lingering(0), *CROWD), 3).filter(trajectory=0)
    assert sorted(left["cell"]) == [0, 1, 2]


def test_a_stay_counts_from_min_dwell_on_and_in_the_hour_in_which_it_began():
    at = {
        name: NOON + dt.timedelta(minutes=minutes)
        for name, minutes in (("before", -1), ("noon", 0), ("late", 59))
    }
    stays = pl.DataFrame(
        [
            ("cam_a", 0, "shop", at["before"], at["before"] + dt.timedelta(seconds=300), 0),
            ("cam_a", 1, "shop", at["noon"], at["noon"] + dt.timedelta(seconds=5), 0),
            ("cam_a", 2, "shop", at["noon"], at["noon"] + dt.timedelta(seconds=4), 0),
            ("cam_a", 3, "shop", at["late"], at["late"] + dt.timedelta(hours=3), 0),
        ],
        schema={
            "camera": pl.String(),
            "trajectory": pl.Int32(),
            "zone": pl.String(),
            "entered_at": VISITS["entered_at"],
            "left_at": VISITS["entered_at"],
            "slow_seconds": pl.Int64(),
        },
        orient="row",
    )
    tables = small_mall.relations(small_mall.site_day(), {}, {})
    found = visits(stays, tables).sort("trajectory")
    eleven = NOON - dt.timedelta(hours=1)
    assert found.schema == VISITS
    assert found.select("trajectory", "hour_start").rows() == [(0, eleven), (1, NOON), (3, NOON)]


# The noise.


def drawn(noise: Noise, rows: list[tuple[str, int, int, int]], cells: int) -> NDArray[np.int64]:
    """Many independent draws of a day, a row each: days side by side, which share nobody."""
    counted = bounded(placed(*rows), cells)["cell"].to_numpy()
    copies = (counted + CELLS * np.arange(DRAWS)[:, None]).ravel()
    return np.array(mechanism(noise, CELLS * DRAWS)(copies.tolist())).reshape(DRAWS, CELLS)


def tells(day: NDArray[np.int64], base: NDArray[np.int64]) -> dict[tuple[int, int], int]:
    """How often so many at least, of so many cells, say that nobody came to them beyond `base`."""
    low = day <= base
    return {
        (first, least): int((low[:, :first].sum(1) >= least).sum())
        for first in range(1, CELLS + 1)
        for least in range(1, first + 1)
    }


def least_and_most(times: int, alpha: float) -> tuple[float, float]:
    """Clopper and Pearson's bounds of a probability, each of which fails as often as `alpha`."""
    least = beta.ppf(alpha, times, DRAWS - times + 1) if times else 0.0
    most = beta.ppf(1 - alpha, times + 1, DRAWS - times) if times < DRAWS else 1.0
    return float(least), float(most)


def losses(
    noise: Noise, person: list[tuple[str, int, int, int]], cells: int
) -> dict[tuple[int, int], tuple[float, float]]:
    """For each event: between what the privacy loss of a day with `person` and one without lies.

    That is the greater of the log ratios of its probability and of that of its opposite.
    """
    base = np.bincount(bounded(placed(*CROWD), cells)["cell"], minlength=CELLS)
    without = tells(drawn(noise, CROWD, cells), base)
    with_them = tells(drawn(noise, CROWD + person, cells), base)
    alpha = FALSE_ALARM / (8 * len(without))
    found = {}
    for event in without:
        bounds = []
        for one, other in (
            (without[event], with_them[event]),
            (DRAWS - with_them[event], DRAWS - without[event]),
        ):
            (low, high), (other_low, other_high) = (
                least_and_most(times, alpha) for times in (one, other)
            )
            bounds.append(
                (
                    math.log(low / other_high) if low else -math.inf,
                    math.log(high / other_low) if other_low else math.inf,
                )
            )
        found[event] = (max(low for low, _ in bounds), max(high for _, high in bounds))
    return found


IN_PIECES = [*lingering(0), *lingering(1)]


@pytest.mark.parametrize(
    ("noise", "person"),
    [
        pytest.param(
            Noise(epsilon=1, cells_per_person=2, pieces_per_person=1), lingering(0), id="in one"
        ),
        pytest.param(
            Noise(epsilon=1.5, cells_per_person=1, pieces_per_person=2), IN_PIECES, id="in two"
        ),
    ],
)
def test_days_with_and_without_somebody_who_lingers_differ_by_epsilon(
    noise: Noise, person: list[tuple[str, int, int, int]]
):
    found = losses(noise, person, noise.cells_per_person)
    assert all(least <= noise.epsilon for least, _ in found.values())
    # And they differ by no less, or the noise would be more than need be.
    first = noise.cells_per_person
    assert found[first, first][1] >= noise.epsilon


def test_without_the_bound_the_same_days_differ_by_more_than_epsilon():
    noise = Noise(epsilon=1, cells_per_person=2, pieces_per_person=1)
    found = losses(noise, lingering(0), cells=CELLS)
    assert max(least for least, _ in found.values()) > 1.2 * noise.epsilon


def test_somebody_in_more_pieces_than_promised_is_protected_less():
    noise = Noise(epsilon=1, cells_per_person=2, pieces_per_person=1)
    found = losses(noise, IN_PIECES, noise.cells_per_person)
    assert max(least for least, _ in found.values()) > noise.epsilon
    assert all(least <= 2 * noise.epsilon for least, _ in found.values())


@pytest.mark.parametrize("epsilon", [0.01, 0.3, 1, 2.5, 10])
@pytest.mark.parametrize("cells", [1, 6, 100])
def test_noise_is_as_large_as_it_must_be_and_no_larger(epsilon: float, cells: int):
    noise = Noise(epsilon=epsilon, cells_per_person=cells, pieces_per_person=3)
    assert mechanism(noise, 2).scale == pytest.approx(3 * cells / epsilon)


def test_each_cell_gets_a_figure_whoever_was_where():
    noise = Noise(epsilon=10, cells_per_person=1, pieces_per_person=1)
    counts = np.array([mechanism(noise, 3)([1] * 500) for _ in range(20)])
    assert counts.shape == (20, 3)
    # With a scale of 0.1 one draw in e^100 is off by ten.
    assert np.abs(counts - [0, 500, 0]).max() < 10


def test_two_draws_of_a_day_differ():
    draw = mechanism(Noise(epsilon=0.1), 50)
    assert draw([]) != draw([])


def test_the_mechanism_brings_no_other_library_with_it():
    code = (
        "import sys; from assets.release.noise import mechanism; "
        "from vision.site.release import Noise; before = set(sys.modules); "
        "mechanism(Noise(), 4)([1]); "
        "print(sorted({'sklearn', 'pandas', 'scipy'} & (set(sys.modules) - before)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


# Pieces.


def quality(**cut_shares: float | None) -> pl.DataFrame:
    rows = [{"camera": camera, "cut_share": share} for camera, share in cut_shares.items()]
    return pl.DataFrame(rows, schema={name: DATA_QUALITY_DAILY.schema[name] for name in rows[0]})


def entrances(*entries: int | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"entries_observed": entries},
        schema={"entries_observed": FOOTFALL_DAILY.schema["entries_observed"]},
    )


def trajectories(**by_camera: int) -> pl.DataFrame:
    """Each counts in two cells."""
    return placed(
        *(
            (camera, number, cell, 0)
            for camera, many in by_camera.items()
            for number in range(many)
            for cell in (0, 1)
        )
    ).select("camera", "trajectory", "cell")


@pytest.mark.parametrize(
    ("counted", "cut", "came", "pieces"),
    [
        pytest.param({}, {"cam_a": None}, (), 1.0, id="nobody"),
        pytest.param({"cam_a": 1}, {"cam_a": 0.0}, (0,), 1.0, id="one visitor"),
        pytest.param({"cam_a": 60}, {"cam_a": 0.5}, (), 1.4, id="paths that break"),
        pytest.param({"cam_a": 60, "cam_b": 60}, {"cam_a": 0.0}, (), 2.0, id="two cameras"),
        pytest.param({"cam_a": 60, "cam_b": 60}, {"cam_a": 0.0}, (20, 10), 4.0, id="who returns"),
        pytest.param({"cam_a": 60}, {"cam_a": 0.0}, (None, 500), 1.0, id="most visit nothing"),
        pytest.param({"cam_a": 60}, {"cam_a": 0.5}, (500,), 1.4, id="most do, and paths break"),
    ],
)
def test_pieces_are_trajectories_per_person(counted, cut, came, pieces: float):
    measured = pieces_measured(trajectories(**counted), quality(**cut), entrances(*came))
    assert measured == pieces


def test_pieces_are_measured_without_figures_of_quality_and_entrances():
    told = trajectories(cam_a=3, cam_b=2)
    assert pieces_measured(told, DATA_QUALITY_DAILY.empty(), FOOTFALL_DAILY.empty()) == 1.7
