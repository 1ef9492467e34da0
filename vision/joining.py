"""Tracklets joined over the whole camera-day: the half of tracking that looks ahead.

Belongs here: which tracklet goes on as which, judged with both sides of a gap in hand, and which
tracks are nobody. Does not belong here: what speaks for one join (`vision.successors`), frame by
frame association (`vision.tracklets`), meetings of people in full view (`vision.meetings`).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vision.duplicates import without_shadows
from vision.ground import Ground
from vision.protocols import View
from vision.resemblance import Resemblance
from vision.sources import Sources
from vision.successors import Successors
from vision.tracklets import Tracklet

Array = NDArray[np.float64]

_GATES = (6.0, 12.0, 12.0)
"""Squared normalised distances up to which joins are believed, one round after the other. First
what is hardly in doubt, since a piece of two boxes says too little of where it leads; then whole
stretches (chi-square, 3 d.o.f., 1 %)."""
_CALM, _EVEN = 0.27, 1.15
"""How sure a join is: a logistic of the log-odds that its cost gives it against its rivals. Slope
and level are those by which 2,778 joins of 24 cameras of the simulated arcade are as sure as they
are right."""
_FEWEST_BOXES = 3
_SHORTEST_S = 0.5
_SURE = 0.5
_SURE_BOXES = 4
"""A track with fewer boxes of at least that score is nobody."""


def join(
    at_s: Array,
    xyxy: Array,
    confidence: Array,
    tracklets: Sequence[Tracklet],
    view: View,
    ground: Ground,
    tallness: Array,
    appearance: NDArray[np.float32] | None = None,
) -> tuple[list[list[int]], dict[int, float]]:
    """Join tracklets into tracks and drop the tracks that are nobody.

    Every tracklet gets at most one successor and one predecessor; of all ways to join, the one with
    the smallest sum of costs is taken. What has been joined is then joined on, knowing where people
    come and go.

    Args:
        at_s: (n,) when each box was seen, seconds, ascending.
        xyxy: (n, 4) boxes, pixels.
        confidence: (n,) scores.
        tracklets: What `vision.tracklets.link` made of them.
        view: Size of the frame.
        ground: The plane in which motion is judged.
        tallness: (n,) height of each box beside that of a person who stands there; NaN if unknown.
        appearance: (n, d) what people look like; not finite where unknown.

    Returns:
        Indices of the boxes of each track, in order of time, tracks by first appearance; and how
        sure each join is by boxes alone, 0..1, by the first box after it.
    """
    scene = Successors(at_s, xyxy, confidence, view, ground, tallness)
    pieces = [tracklet.rows for tracklet in tracklets]
    sources: Sources | None = None
    sure: dict[int, float] = {}
    for number, gate in enumerate(_GATES):
        if number:
            believed = [rows for rows in pieces if _somebody(at_s[rows], confidence[rows])]
            sources = Sources(xyxy, scene.places, ground, view, believed)
        pairs = scene.pairs(pieces, gate, sources)
        resemblance = None if appearance is None else Resemblance(appearance, pieces)
        alike = pairs if resemblance is None else _alike(pairs, resemblance, gate)
        successor = _cheapest(alike, len(pieces), gate)
        # By boxes alone, since what is stored must not tell how alike two people look.
        sure |= {pieces[j][0]: share for j, share in _sureness(pairs, successor)}
        pieces = _chains(pieces, successor)
    # Pieces of tracklets that took turns at one person have become two tracks that do.
    tracks = without_shadows(at_s, xyxy, pieces)
    kept = [rows for rows in tracks if _somebody(at_s[rows], confidence[rows])]
    return sorted(kept, key=lambda rows: rows[0]), sure


def _sureness(
    pairs: Sequence[tuple[int, int, float]], successor: dict[int, int]
) -> Iterator[tuple[int, float]]:
    """Of each tracklet that was joined to one before, how sure that is, 0..1.

    Costs are twice negative log-likelihoods, so a join stands against all others that its two sides
    could have had, and against none at all, which costs the gate.
    """
    likely = {(i, j): float(np.exp(-cost / 2)) for i, j, cost in pairs}
    of_tail, of_head = defaultdict[int, float](float), defaultdict[int, float](float)
    for (i, j), share in likely.items():
        of_tail[i] += share
        of_head[j] += share
    none = float(np.exp(-_GATES[-1] / 2))
    for i, j in successor.items():
        own = likely[i, j]
        odds = own / (of_tail[i] + of_head[j] - 2 * own + none)
        yield j, 1 / (1 + np.exp(-_EVEN) * odds**-_CALM)


def _chains(pieces: Sequence[Sequence[int]], successor: dict[int, int]) -> list[list[int]]:
    followed = set(successor.values())
    chains: list[list[int]] = []
    for first in range(len(pieces)):
        if first in followed:
            continue
        rows: list[int] = []
        current: int | None = first
        while current is not None:
            rows += pieces[current]
            current = successor.get(current)
        chains.append(rows)
    return chains


def _somebody(at_s: Array, confidence: Array) -> bool:
    return (
        len(at_s) >= _FEWEST_BOXES
        and at_s[-1] - at_s[0] >= _SHORTEST_S
        and (confidence >= _SURE).sum() >= min(_SURE_BOXES, len(confidence))
    )


def _alike(
    pairs: Sequence[tuple[int, int, float]], resemblance: Resemblance, gate: float
) -> list[tuple[int, int, float]]:
    """The joins that are still possible once looks cost as well."""
    together = ((i, j, cost + resemblance.cost(i, j)) for i, j, cost in pairs)
    return [(i, j, cost) for i, j, cost in together if cost < gate]


def _cheapest(pairs: Sequence[tuple[int, int, float]], count: int, gate: float) -> dict[int, int]:
    """Of each group of pairs that compete, the one-to-one choice with the smallest sum."""
    if not pairs:
        return {}
    rows, columns, costs = (np.array(values) for values in zip(*pairs, strict=True))
    # A tracklet's end and its start are separate nodes: only shared ones compete.
    graph = coo_array((np.ones(len(rows)), (rows, columns + count)), shape=(2 * count, 2 * count))
    _, group = connected_components(graph, directed=False)
    successor: dict[int, int] = {}
    for label in np.unique(group[rows]):
        members = group[rows] == label
        i, to_i = np.unique(rows[members], return_inverse=True)
        j, to_j = np.unique(columns[members], return_inverse=True)
        matrix = np.full((len(i), len(j)), gate)
        matrix[to_i, to_j] = costs[members]
        for a, b in zip(*linear_sum_assignment(matrix), strict=True):
            if matrix[a, b] < gate:
                successor[int(i[a])] = int(j[b])
    return successor
