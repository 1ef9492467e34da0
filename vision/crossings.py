"""Who crossed which gate, decided once on a whole path.

Belongs here: crossings of gates. Does not belong here: smoothing (`vision.floor`), stays in zones
(`vision.visits`).
"""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.contracts import GATE_EVENTS
from vision.site.models import Gate

Array = NDArray[np.float64]

BAND_M = 0.3
"""Half width of the strip along a gate in which nobody has crossed yet, metres."""
BAND_HEIGHTS = 0.18
"""The same for gates in pixels, in heights of the person's box (0.3 m of 1.7 m)."""
_END_SHARE = 1 / 3
"""At the ends of a path this share of the band will do: doors hide people just behind the line."""
_CARRY_S = 0.5
"""Nobody vanishes: a path is carried on at its own speed for this long at both ends."""
_SPEED_OVER_S = 1.0
_BESIDE_BANDS = 1.0
"""How far beside the gate's ends a crossing may pass, bands."""


def gate_events(
    paths: pl.DataFrame, gates: Iterable[Gate], recorded_us: tuple[int, int] | None = None
) -> pl.DataFrame:
    """Rows of the `gate_events` contract for `paths` (of `vision.floor`).

    A person has crossed when they were seen beyond the band on both sides of the line and went
    through the gate in between. Who dithers on the line crosses once or not at all; who turns round
    on it has not crossed. Decided on the whole path, so running it backwards swaps in and out.

    Args:
        paths: Whole paths of the camera-day, all or some of them.
        gates: That the camera owns.
        recorded_us: First and last moment at which anybody was in view, microseconds; those of
            `paths` where they are all there are.
    """
    gates = tuple(gates)
    if paths.is_empty():
        return GATE_EVENTS.empty()
    first_us, last_us = recorded_us or span_us(paths["at"])
    found: list[tuple[str, int, str]] = []
    for path in paths.partition_by("track"):
        at_us = path["at"].to_physical().to_numpy()
        for gate in gates:
            if gate.line is not None and gate.inside is not None:
                place = path.select("x_m", "y_m").to_numpy()
                band = np.full(len(path), BAND_M)
                line, inside = gate.line, gate.inside
            elif gate.line_px is not None and gate.inside_px is not None:
                place = path.select("x_px", "y_px").to_numpy()
                band = BAND_HEIGHTS * path["height_px"].to_numpy()
                line, inside = gate.line_px, gate.inside_px
            else:
                continue
            known = np.isfinite(place).all(axis=1)
            found += [
                (gate.id, when_us, "in" if inwards else "out")
                for when_us, inwards in crossings(
                    at_us[known], place[known], band[known], np.array(line), np.array(inside)
                )
                # A path carried on beyond the recording crosses what nobody has recorded.
                if first_us <= when_us <= last_us
            ]
    events = pl.DataFrame(found, schema=["gate", "at", "direction"], orient="row")
    return (
        events.with_columns(
            (pl.col("at").cast(pl.Int64) // 1_000_000 * 1_000_000)
            .cast(pl.Datetime("us"))
            .dt.replace_time_zone("UTC"),
            pl.col("gate", "direction").cast(pl.String),
            basis=pl.lit("track"),
        )
        .cast(GATE_EVENTS.schema)
        .sort(pl.all())
    )


def span_us(moments: pl.Series) -> tuple[int, int]:
    """First and last of some moments, microseconds."""
    at_us = moments.to_physical().to_numpy()
    return int(at_us.min()), int(at_us.max())


def crossings(
    at_us: NDArray[np.int64], place: Array, band: Array, line: Array, inside: Array
) -> list[tuple[int, bool]]:
    """When one path crosses one gate, and whether inwards.

    Args:
        at_us: (n,) microseconds, ascending.
        place: (n, 2) positions, in the unit of the gate.
        band: (n,) half width of the strip at each position, in the same unit.
        line: (2, 2) ends of the gate.
        inside: (2,) a point on the inner side.
    """
    if len(at_us) < 2:
        return []
    at_us, place, band = _carried_on(at_us, place, band)
    along = line[1] - line[0]
    length = float(np.linalg.norm(along))
    normal = np.array([-along[1], along[0]]) / length
    if (inside - line[0]) @ normal < 0:
        normal = -normal
    depth = (place - line[0]) @ normal / band
    beside = _BESIDE_BANDS * band
    offset = (place - line[0]) @ along / length
    inner = depth >= 0
    turns = np.flatnonzero(inner[1:] != inner[:-1])
    if turns.size == 0:
        return []
    share = depth[turns] / (depth[turns] - depth[turns + 1])
    when = at_us[turns] + np.round(share * (at_us[turns + 1] - at_us[turns])).astype(np.int64)
    where = offset[turns] + share * (offset[turns + 1] - offset[turns])
    through = (where >= -beside[turns]) & (where <= length + beside[turns])
    stays = _decided_stays(np.abs(depth), turns)
    events: list[tuple[int, bool]] = []
    for left, right in pairwise(stays):
        passed = np.arange(left, right)
        inwards = np.where(inner[turns[passed] + 1], 1, -1)
        net = int(inwards[through[passed]].sum())
        if (right - left) % 2 == 1 and net == inwards[0]:
            # The middle one of the turns in between is the same seen forwards and backwards.
            events.append((int(when[passed[len(passed) // 2]]), bool(inwards[0] > 0)))
    return events


def _carried_on(
    at_us: NDArray[np.int64], place: Array, band: Array
) -> tuple[NDArray[np.int64], Array, Array]:
    """The path with a position more at each end, where its speed there leads."""
    window = round(_SPEED_OVER_S * 1e6)
    carry = round(_CARRY_S * 1e6)
    first = int(np.searchsorted(at_us, at_us[0] + window, side="right")) - 1
    last = int(np.searchsorted(at_us, at_us[-1] - window))
    before, after = (
        (place[b] - place[a]) / max(int(at_us[b] - at_us[a]), window // 2) * carry
        for a, b in ((0, first), (last, len(at_us) - 1))
    )
    return (
        np.concatenate([[at_us[0] - carry], at_us, [at_us[-1] + carry]]),
        np.vstack([place[0] - before, place, place[-1] + after]),
        np.concatenate([band[:1], band, band[-1:]]),
    )


def _decided_stays(depth: Array, turns: NDArray[np.int64]) -> list[int]:
    """Numbers of the stays between turns that went deep enough to count as having been there."""
    bounds = [0, *(turns + 1), len(depth)]
    peaks = [depth[first:end].max() for first, end in pairwise(bounds)]
    last = len(peaks) - 1
    return [
        number
        for number, peak in enumerate(peaks)
        if peak >= (_END_SHARE if number in (0, last) else 1.0)
    ]
