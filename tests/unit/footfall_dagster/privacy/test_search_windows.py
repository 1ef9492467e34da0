"""Windows of a long column that are not judged are those on which there is nothing to say."""

import numpy as np
import pytest
from numpy.typing import NDArray

from footfall_dagster.privacy.search import numbers

RNG = np.random.default_rng(8)
_SIZE = 40 * 256

COLUMNS: dict[str, NDArray[np.float64]] = {
    "positions on a grid": np.round(RNG.uniform(0, 30, _SIZE) * 4) / 4,
    "positions that turn whole": np.round(RNG.uniform(0, 30, _SIZE) * 4) / 4,
    "sorted ranks": np.repeat(np.arange(_SIZE // 40), 40).astype(np.float64),
    "counts": RNG.poisson(3, _SIZE).astype(np.float64),
    "yes and no": RNG.integers(0, 2, _SIZE).astype(np.float64),
    "shares in eighths": RNG.integers(0, 9, _SIZE) / 8,
    "ranks and a vector in bytes": np.arange(_SIZE).astype(np.float64) // 7,
    "a smooth picture among positions": np.round(RNG.uniform(0, 30, _SIZE) * 4) / 4,
}
COLUMNS["positions that turn whole"][2000:3500] = RNG.integers(0, 30, 1500)
COLUMNS["ranks and a vector in bytes"][5000:5600] = np.clip(RNG.normal(128, 30, 600), 0, 255) // 1
COLUMNS["a smooth picture among positions"][4096:6144] = (
    np.round(120 + 60 * np.sin(np.arange(2048) / 9)) + np.arange(2048) // 256
)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("single", [False, True], ids=["in 64 bits", "in 32 bits"])
def test_no_window_that_tells_something_is_left_out(name: str, single: bool) -> None:
    column = COLUMNS[name]
    chosen = set(numbers._starts(column).tolist())
    telling = {
        start
        for start in range(0, column.size - 511, 256)
        if numbers._judge(column[start : start + 512], single)
    }
    assert telling <= chosen


def test_the_columns_cover_both_outcomes() -> None:
    told = {name: numbers.judge(column) is not None for name, column in COLUMNS.items()}
    assert set(told.values()) == {True, False}, told
