"""What two releases of one day tell together."""

import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.release import published
from assets.release.differences import Difference, difference
from tests.unit.assets.test_release import row

MART = MARTS["gate_counts_15min"]


def quarter(gate: str, entries: int | None, exits: int | None = 20) -> pl.DataFrame:
    told = row(MART, gate=gate, entries=entries, exits=exits)
    return told.cast(dict(MART.schema)).with_columns(suppressed=pl.lit(False))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(40, 40, Difference(0, 0), id="the same tells nothing"),
        pytest.param(40, 41, Difference(1, 1), id="one more is one person"),
        pytest.param(40, 31, Difference(1, 1), id="nine fewer are nine"),
        pytest.param(40, 50, Difference(1, 0), id="ten more may be told"),
        pytest.param(40, None, Difference(0, 0), id="what is blanked now is not told again"),
        pytest.param(None, 40, Difference(0, 0), id="what was blanked was not told before"),
    ],
)
def test_figures_that_differ_by_few_are_counted(before, now, expected):
    assert difference(MART, quarter("door", before), quarter("door", now), 10) == expected


def test_rows_are_compared_by_their_key():
    before = pl.concat([quarter("back", 40), quarter("door", 90)])
    now = pl.concat([quarter("door", 91, 35), quarter("side", 41)])
    assert difference(MART, before, now, 10) == Difference(2, 1)


def test_a_first_release_differs_from_nothing():
    nothing = published(MART).empty()
    assert difference(MART, nothing, quarter("door", 40), 10) == Difference(0, 0)


def test_draws_of_noise_differ_by_chance_and_by_nobody():
    assert difference(MART, quarter("door", 40), quarter("door", 41), 0) == Difference(1, 0)
