"""Vectors, pixels and figures of footfall are told apart by their values alone."""

import numpy as np
import pytest

from assets.marts.of_gates import FLOOR_OCCUPANCY_15MIN
from footfall_dagster.privacy.search import raw_bytes
from footfall_dagster.privacy.search.numbers import PIXELS, VECTOR, are_pixels, are_simple, judge

RNG = np.random.default_rng(1)
UNIT = RNG.normal(size=256) / 16
QUANTISED = np.round(UNIT / np.abs(UNIT).max() * 127)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(UNIT, id="doubles"),
        pytest.param(UNIT.astype(np.float32), id="floats"),
        pytest.param(np.round(UNIT, 3), id="rounded"),
        pytest.param(np.maximum(UNIT, 0).astype(np.float32), id="without negative ones"),
        pytest.param(QUANTISED.astype(np.int8), id="quantised"),
        pytest.param((QUANTISED + 128).astype(np.uint8), id="quantised around the middle"),
        pytest.param(UNIT.astype(np.float32).view(np.int32), id="bits of floats"),
        pytest.param(QUANTISED[:30].astype(np.int8), id="a few components"),
    ],
)
def test_components_of_a_vector_are_found(values: np.ndarray) -> None:
    verdict = judge(values)
    assert verdict is not None
    assert verdict[0] == VECTOR


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(RNG.poisson(4, 5000), id="counts"),
        pytest.param(RNG.lognormal(4, 1, 3000).astype(int), id="lengths of stay"),
        pytest.param(RNG.integers(0, 60, 2000) / 60, id="shares of an hour"),
        pytest.param(RNG.integers(0, 6000, 1440) / 100, id="hundredths of seconds"),
        pytest.param((RNG.integers(0, 160, 4000) / 4 + 0.125).astype(np.float32), id="floor grid"),
        pytest.param(1.77e9 + np.cumsum(RNG.random(500)), id="clock"),
        pytest.param(np.repeat(np.arange(300), 6), id="numbers one by one"),
        pytest.param(np.full(500, 0.123456789), id="one value"),
    ],
)
def test_figures_of_footfall_are_not(values: np.ndarray) -> None:
    assert judge(values) is None


def test_low_bits_added_to_a_grid_are_found() -> None:
    grid = (RNG.integers(0, 160, 4000) / 4 + 0.125).astype(np.float32)
    hidden = grid.view(np.uint32) | RNG.integers(0, 256, 4000).astype(np.uint32)
    assert judge(hidden.view(np.float32)) is not None


def test_a_simple_fraction_is_known_by_all_its_digits() -> None:
    values = np.array([1 / 3, 13 / 900, 0.25, 7.0, 1 / 3 + 1e-9])
    assert are_simple(values, single=False).tolist() == [True, True, True, True, False]


def test_smooth_levels_are_pixels_and_noise_and_steps_are_not() -> None:
    x, y = np.meshgrid(np.arange(64), np.arange(64))
    grey = (120 + 60 * np.sin(x / 9) + 50 * np.cos(y / 11)).astype(np.uint8).ravel()
    assert are_pixels(grey)
    assert judge(grey) == (PIXELS, 0.8)
    assert not are_pixels(RNG.integers(0, 256, 4096).astype(np.uint8))
    assert not are_pixels(np.arange(2048, dtype=np.uint32).view(np.uint8))


@pytest.mark.parametrize("form", ["<f4", ">f4", "<f8", ">f8", "<f2", ">f2", "i1"])
@pytest.mark.parametrize("before", [0, 1, 3])
def test_vectors_are_found_in_bytes_at_any_alignment(form: str, before: int) -> None:
    vector = QUANTISED if form == "i1" else UNIT
    content = b"\0" * 200 + b"x" * before + vector.astype(form).tobytes() + b"\0" * 200
    assert VECTOR in raw_bytes.look(content, sealed=False)


def _tagged() -> bytes:
    return b"".join(b"\xcb" + one.tobytes() for one in UNIT.astype(">f8"))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_tagged(), id="behind tags"),
        pytest.param(UNIT.astype("<f4").view(np.uint8).reshape(-1, 4).T.tobytes(), id="by weight"),
        pytest.param((UNIT.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes(), id="cut"),
        pytest.param(np.round(UNIT * 1e6).astype("<i4").tobytes(), id="millionths"),
    ],
)
def test_vectors_are_found_in_bytes_that_are_no_plain_array(content: bytes) -> None:
    assert VECTOR in raw_bytes.look(content)


@pytest.mark.parametrize("form", ["<u2", ">u2", "<i4", "<f4"])
def test_pixels_are_found_whatever_their_width(form: str) -> None:
    x, y = np.meshgrid(np.arange(64), np.arange(64))
    shades = np.round(120 + 60 * np.sin(x / 9) + 50 * np.cos(y / 11))
    assert PIXELS in raw_bytes.look(shades.astype(form).tobytes())


def test_words_and_counts_are_not_dense() -> None:
    counts = RNG.poisson(5, 3000).astype("<u4").tobytes()
    assert raw_bytes.look(counts, sealed=True) == {}
    assert raw_bytes.look(b"started run at noon; " * 200, sealed=True) == {}


def test_sealed_bytes_are_remarkable_and_no_vector() -> None:
    assert raw_bytes.look(RNG.bytes(5000)) == {raw_bytes.OPAQUE: 0.5}
    assert raw_bytes.look(RNG.bytes(5000), sealed=False) == {}


def test_a_dozen_means_behind_nought_are_no_vector() -> None:
    # What DuckDB keeps of a small column of doubles.
    means = np.round(np.abs(UNIT[:20]) / 4, 4)
    stored = b"\0" * 400 + means.astype("<f8").tobytes() + bytes(range(30)) + b"\0" * 400
    assert raw_bytes.look(stored, sealed=False, only_floats=True) == {}


def _people_on_a_floor(rng: np.random.Generator) -> np.ndarray:
    """Two days by the quarter: who came, less who left, less the miscount so far."""
    days = []
    for _ in range(2):
        passed = np.bincount(rng.integers(36, 84, 600), minlength=96)
        came, left = rng.binomial(passed, 0.93), rng.binomial(passed, 0.93)
        people, crossings = np.cumsum(came - left), np.cumsum(came + left)
        days.append(people - people[-1] * crossings / crossings[-1])
    return np.concatenate(days)


def test_people_on_a_floor_less_a_miscount_are_no_vector_in_a_column_or_in_a_file() -> None:
    stored = {column.name: column.domain for column in FLOOR_OCCUPANCY_15MIN.columns}
    rng = np.random.default_rng(1)
    for _ in range(60):
        people = _people_on_a_floor(rng)
        for name in ("occupancy_mean", "occupancy_peak"):
            step = stored[name].step
            kept = np.round(people / step) * step
            assert judge(kept) is None
            assert raw_bytes.look(kept.tobytes(), sealed=False, only_floats=True) == {}


@pytest.mark.parametrize("kind", [">f8", "<f8"])
def test_a_vector_behind_nought_is_found_in_raw_bytes(kind: str) -> None:
    hidden = b"\0" * 400 + UNIT[:128].astype(kind).tobytes() + b"\0" * 400
    assert raw_bytes.look(hidden, sealed=False, only_floats=True).get(VECTOR) == 0.9
