"""Leaks in the contract's own numbers, where every column is as it should be.

Belongs here: low bits, sub-second times, numbers that stand for others. Does not belong here:
columns of their own (`columns`), text (`texts`).
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tests.privacy.corpus import content
from tests.privacy.corpus.places import core, forge_frame, published, refused_by_lake, rows
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


def _bytes(count: int) -> NDArray[np.uint8]:
    """So many bytes of vectors of halves."""
    halves = np.concatenate([content.half(content.embedding(256, seed)) for seed in range(64)])
    return np.resize(halves.view(np.uint8), count)


def _low_bits(home: Home) -> pl.DataFrame:
    frame = rows(home, "anonymised_trajectories")
    bits = frame["x_m"].to_numpy().view(np.uint32) | _bytes(frame.height)
    return frame.with_columns(pl.Series("x_m", bits.view(np.float32)))


@plant("low bits", "lake", refused_by_lake("anonymised_trajectories", _low_bits))
def vectors_in_the_low_bits_of_positions(home: Home) -> None:
    forge_frame(home, "anonymised_trajectories", _low_bits(home))


@plant("low bits", "warehouse")
def vectors_in_the_low_bits_of_a_share(home: Home) -> None:
    _hide_in_doubles(home, "gate_counts_15min", "observed_share")


@plant("low bits", "warehouse")
def vectors_in_the_low_bits_of_observed_minutes(home: Home) -> None:
    _hide_in_doubles(home, "occupancy_15min", "observed_minutes")


def _seconds_read(home: Home) -> pl.DataFrame:
    frame = rows(home, "coverage")
    low = pl.Series(_bytes(frame.height).astype(np.float64) * 1e-7)
    return frame.with_columns((pl.col("readable_s") - low).clip(0, 60).alias("readable_s"))


@plant("low bits", "lake", refused_by_lake("coverage", _seconds_read))
def vectors_behind_the_hundredths_of_readable_seconds(home: Home) -> None:
    forge_frame(home, "coverage", _seconds_read(home))


def _sub_second(home: Home) -> pl.DataFrame:
    frame = rows(home, "anonymised_trajectories")
    vector = np.resize(np.abs(content.embedding(512)) * 1e6, frame.height).astype(np.int64)
    shift = pl.Series(vector).cast(pl.Duration("us"))
    return frame.with_columns(at=frame["at"] + shift)


@plant("sub-second times", "lake", refused_by_lake("anonymised_trajectories", _sub_second))
def vectors_in_the_microseconds_of_positions(home: Home) -> None:
    forge_frame(home, "anonymised_trajectories", _sub_second(home))


@plant("sub-second times", "warehouse")
def vectors_in_the_microseconds_of_intervals(home: Home) -> None:
    _shift(home, "interval_start")


@plant("sub-second times", "warehouse")
def vectors_in_the_microseconds_of_local_times(home: Home) -> None:
    _shift(home, "local_start")


def _lengths(home: Home) -> pl.DataFrame:
    frame = rows(home, "zone_visits")
    seconds = np.resize(
        content.quantised(content.embedding(512)).astype(np.int64) + 128, frame.height
    )
    return frame.with_columns(dwell_s=pl.Series(seconds, dtype=pl.Int32) + 1)


@plant("plausible numbers", "lake")
def a_quantised_vector_in_the_lengths_of_visits(home: Home) -> None:
    forge_frame(home, "zone_visits", _lengths(home))


@plant("plausible numbers", "lake")
def a_quantised_vector_in_the_numbers_of_trajectories(home: Home) -> None:
    frame = rows(home, "anonymised_trajectories")
    known = content.quantised(content.embedding(512)).astype(np.int32) + 128
    ids = pl.col("trajectory").map_elements(lambda n: int(known[n % 512]) * 512 + n, pl.Int32)
    forge_frame(home, "anonymised_trajectories", frame.with_columns(ids))


def _hide_in_doubles(home: Home, mart: str, column: str) -> None:
    """Two bytes in the lowest bits of each value of a mart's column."""
    with core(home) as connection:
        held = connection.execute(f"SELECT rowid, {column} FROM {mart} ORDER BY rowid").fetchall()
        values = np.array([value or 0.0 for _, value in held])
        hidden = _bytes(2 * len(values)).view(np.uint16).astype(np.uint64)
        changed = ((values.view(np.uint64) & ~np.uint64(0xFFFF)) | hidden).view(np.float64)
        connection.register(
            "changed", pl.DataFrame({"row": [row for row, _ in held], "value": changed})
        )
        connection.execute(
            f"UPDATE {mart} SET {column} = changed.value FROM changed "
            f"WHERE {mart}.rowid = changed.row AND {column} IS NOT NULL"
        )


def _shift(home: Home, column: str) -> None:
    """A component in the microseconds of each time of a released mart."""
    with published(home) as connection:
        held = connection.execute("SELECT rowid FROM gate_counts_15min ORDER BY rowid").fetchall()
        shift = np.resize(np.abs(content.embedding(256)) * 1e6, len(held)).astype(np.int64)
        connection.register(
            "shifts", pl.DataFrame({"row": [row for (row,) in held], "micro": shift})
        )
        connection.execute(
            f"UPDATE gate_counts_15min SET {column} = {column} + to_microseconds(shifts.micro) "
            "FROM shifts WHERE gate_counts_15min.rowid = shifts.row"
        )
