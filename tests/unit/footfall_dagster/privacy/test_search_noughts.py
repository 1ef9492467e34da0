"""Noughts are a part of a vector between its components, and not where they fill up a page."""

import datetime as dt
import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from footfall_dagster.privacy import sqlite_pages
from footfall_dagster.privacy.search import raw_bytes, worker
from footfall_dagster.privacy.search.limits import DEFAULT
from footfall_dagster.privacy.search.numbers import VECTOR

Run = tuple[str, str, str, float | None, float | None]


def _rectified(rng: np.random.Generator, length: int, nought: float) -> NDArray[np.float64]:
    """A vector as a network leaves it whose last step makes nought of all that is negative."""
    vector = np.abs(rng.normal(size=length))
    vector[rng.permutation(length)[: round(nought * length)]] = 0
    return np.asarray(vector / np.linalg.norm(vector))


def _runs(path: Path, page: int, runs: Sequence[Run]) -> None:
    """Each run at the end of a page of its own, and before one that is empty."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA page_size = {page}")
        for number, run in enumerate(runs):
            connection.execute(
                f"CREATE TABLE runs_{number} (id INTEGER PRIMARY KEY, run_id TEXT, status TEXT, "
                "update_timestamp TEXT, start_time REAL, end_time REAL)"
            )
            connection.execute(f"CREATE TABLE tags_{number} (id INTEGER PRIMARY KEY)")
            connection.execute(
                f"INSERT INTO runs_{number} VALUES (?, ?, ?, ?, ?, ?)", (number, *run)
            )
        connection.commit()


def _found(path: Path) -> list[tuple[str, str]]:
    answer = worker.look(path, path.name, DEFAULT)
    assert answer["unread"] == []
    return [(place, kind) for place, kind, _ in answer["found"]]


@pytest.mark.parametrize("form", ["<f2", ">f2"])
@pytest.mark.parametrize("length", [128, 256, 512])
@pytest.mark.parametrize("nought", [0.5, 0.6, 0.7, 0.75])
@pytest.mark.parametrize("opened", [True, False], ids=["in what a reader opened", "in any bytes"])
def test_a_vector_of_halves_is_found_though_most_components_are_nought(
    form: str, length: int, nought: float, opened: bool
) -> None:
    rng = np.random.default_rng(4)
    for _ in range(8):
        stored = _rectified(rng, length, nought).astype(form).tobytes()
        around = bytes(int(rng.integers(200, 400)))
        for content in (around + stored + around, rng.bytes(301) + stored + b"a row of words " * 9):
            assert VECTOR in raw_bytes.look(content, sealed=not opened, only_floats=opened)


@pytest.mark.parametrize("form", ["<f2", ">f2", "<f4", ">f4"])
@pytest.mark.parametrize("length", [256, 512])
def test_a_vector_is_found_though_four_in_five_components_are_nought(
    form: str, length: int
) -> None:
    rng = np.random.default_rng(5)
    for _ in range(8):
        stored = _rectified(rng, length, 0.8).astype(form).tobytes()
        content = bytes(300) + stored + bytes(300)
        assert VECTOR in raw_bytes.look(content, sealed=False, only_floats=True)


@pytest.mark.parametrize("page", [512, 1024, 4096])
def test_the_end_of_a_run_and_the_rest_of_its_page_are_no_vector(tmp_path: Path, page: int) -> None:
    """With all of these digits: sixteen words that might be halves end the page."""
    run = ("0f" * 18, "SUCCESS", "2026-11-26 21:58:16.464944", 1795730290.556978, 1795730296.464944)
    _runs(tmp_path / "runs.db", page, [run])
    assert _found(tmp_path / "runs.db") == []


def test_no_end_of_a_run_is_a_vector_whenever_it_ran(tmp_path: Path) -> None:
    """With noughts at either end as a part of a vector, two of these files were found."""
    rng = np.random.default_rng(3)
    for number in range(60):
        path = tmp_path / f"{number}.db"
        runs: list[Run] = []
        for started, lasted in rng.uniform((1.79e9, 0.1), (1.82e9, 900), (40, 2)).tolist():
            ended = started + lasted
            updated = str(dt.datetime.fromtimestamp(ended, dt.UTC))[:26]
            times = [None if rng.random() < 0.1 else at for at in (started, ended)]
            runs.append(
                (str(uuid.UUID(bytes=rng.bytes(16))), "SUCCESS", updated, times[0], times[1])
            )
        _runs(path, int(rng.choice([512, 1024, 4096])), runs)
        content = b"".join(sqlite_pages.pages(path.read_bytes()))
        assert raw_bytes.look(content, sealed=False, only_floats=True) == {}


@pytest.mark.parametrize(("form", "count"), [("<f2", 30), (">f2", 30), ("<f4", 16), (">f4", 16)])
def test_a_few_numbers_before_or_behind_nought_are_no_vector(form: str, count: int) -> None:
    rng = np.random.default_rng(6)
    for _ in range(50):
        few = (np.abs(rng.normal(size=count)) / 8).astype(form).tobytes()
        for content in (few + bytes(400), bytes(400) + few, bytes(400) + few + bytes(400)):
            assert raw_bytes.look(content, sealed=False, only_floats=True) == {}


@pytest.mark.parametrize("form", ["<i8", ">i8", "<i4", ">i4"])
def test_lengths_in_a_row_of_wide_integers_are_no_sparse_vector(form: str) -> None:
    lengths = np.random.default_rng(7).integers(8000, 15_000, 60)
    wide = np.column_stack([lengths, np.zeros_like(lengths)]) if form[-1] == "4" else lengths
    content = bytes(300) + wide.astype(form).tobytes() + bytes(300)
    assert raw_bytes.look(content, sealed=False, only_floats=True) == {}


@pytest.mark.parametrize("form", ["<u2", ">u2"])
@pytest.mark.parametrize("step", [1, 2, 4, -1, -2, -4])
def test_words_that_count_are_no_vector(form: str, step: int) -> None:
    """As packers write what was sorted."""
    words = np.concatenate([start + step * np.arange(24) for start in (0x2CE0, 0x2DE0, 0x30E0)])
    words = np.append(words, [0x3812, 0x2571]).astype(form)
    content = bytes(300) + words.tobytes() + bytes(300)
    assert raw_bytes.look(content, sealed=False, only_floats=True) == {}


def test_packed_trajectories_of_a_busy_camera_are_no_vector(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    began = np.sort(rng.integers(0, 32_000, 2500))
    rows = pl.DataFrame(
        {
            "trajectory": np.repeat(np.arange(2500, dtype=np.int32), 100),
            "at": 1_773_478_800_000_000 + 1_000_000 * (began[:, None] + np.arange(100)).ravel(),
            "x_m": (rng.integers(0, 96, 250_000) / 4 + 0.125).astype(np.float32),
            "y_m": (rng.integers(0, 48, 250_000) / 4 + 0.125).astype(np.float32),
        }
    )
    rows.write_parquet(tmp_path / "part.parquet")
    assert _found(tmp_path / "part.parquet") == []
