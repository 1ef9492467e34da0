"""One timeline from files that overlap, repeat each other and pause.

Belongs here: which file is used at which moment. Does not belong here: when files began
(`vision.exports.clocks`), decoding them (`vision.exports.frames`).
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from vision.contracts_ingest import TIMELINE


@dataclass(frozen=True, slots=True)
class Candidate:
    """A readable file, as far as it matters who shows a moment best.

    Attributes:
        sha256: Of its bytes; a file is had once.
        stretches: Unbroken stretches of its recording, begin and end, microseconds, UTC.
        fps: Frames per second of recorded time.
    """

    sha256: str
    stretches: tuple[tuple[int, int], ...]
    fps: float

    @property
    def recorded_us(self) -> int:
        """Microseconds that it shows."""
        return sum(end - begin for begin, end in self.stretches)


@dataclass(frozen=True, slots=True)
class Taken:
    """A stretch of the day and the number of the candidate that it is taken from."""

    begins_us: int
    ends_us: int
    candidate: int


def resolve(candidates: Sequence[Candidate], window: tuple[int, int]) -> list[Taken]:
    """For each recorded moment of `window` the one file that is used; in order, disjoint.

    A file with more frames a second wins, by whole frames; then the one that shows more in all,
    which makes a whole export win over a piece of it; then the one that began earlier.

    Args:
        candidates: Readable files, no content twice.
        window: Begin and end of the day, microseconds, UTC.
    """
    ranked = sorted(
        range(len(candidates)),
        key=lambda n: (
            -round(candidates[n].fps),
            -candidates[n].recorded_us,
            candidates[n].stretches[:1],
            candidates[n].sha256,
        ),
    )
    rank = {number: place for place, number in enumerate(ranked)}
    pieces = sorted(
        (max(begin, window[0]), min(end, window[1]), number)
        for number, candidate in enumerate(candidates)
        for begin, end in candidate.stretches
        if max(begin, window[0]) < min(end, window[1])
    )
    return _merged(_swept(pieces, rank))


def _swept(pieces: Sequence[tuple[int, int, int]], rank: dict[int, int]) -> Iterable[Taken]:
    """The best piece between every two moments at which a piece begins or ends."""
    moments = sorted({moment for begin, end, _ in pieces for moment in (begin, end)})
    open_pieces: list[tuple[int, int, int]] = []
    waiting = iter(pieces)
    following = next(waiting, None)
    for moment, until in pairwise(moments):
        while following is not None and following[0] <= moment:
            _, end, number = following
            heapq.heappush(open_pieces, (rank[number], end, number))
            following = next(waiting, None)
        while open_pieces and open_pieces[0][1] <= moment:
            heapq.heappop(open_pieces)
        if open_pieces:
            yield Taken(moment, until, open_pieces[0][2])


def _merged(taken: Iterable[Taken]) -> list[Taken]:
    merged: list[Taken] = []
    for one in taken:
        last = merged[-1] if merged else None
        if last and last.candidate == one.candidate and last.ends_us == one.begins_us:
            merged[-1] = Taken(last.begins_us, one.ends_us, one.candidate)
        else:
            merged.append(one)
    return merged


def rows(taken: Sequence[Taken], candidates: Sequence[Candidate]) -> pl.DataFrame:
    """Rows of the `timeline` contract."""
    return pl.DataFrame(
        {
            "begins_at": [one.begins_us for one in taken],
            "ends_at": [one.ends_us for one in taken],
            "sha256": [candidates[one.candidate].sha256 for one in taken],
        },
        schema={"begins_at": pl.Int64, "ends_at": pl.Int64, "sha256": pl.String},
    ).with_columns(
        pl.from_epoch(name, time_unit="us").dt.replace_time_zone("UTC").cast(dtype)
        for name, dtype in TIMELINE.schema.items()
        if name != "sha256"
    )
