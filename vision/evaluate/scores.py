"""How well tracks agree with a truth: HOTA, IDF1, CLEAR MOT and ids reported for each person.

Belongs here: boxes with ids in, figures out. Does not belong here: files (`vision.evaluate.mot`),
or gates and zones (`vision.evaluate.counts`).

The figures are TrackEval's, the scorer that MOTChallenge itself uses; here is what it is fed.

Sources:
    HOTA, DetA, AssA: Luiten et al., HOTA: a higher order metric for evaluating multi-object
    tracking, 2021.
    IDF1: Ristani et al., Performance measures and a data set for multi-target, multi-camera
    tracking, 2016.
    MOTA, recall, precision, id switches: Bernardin and Stiefelhagen, Evaluating multiple object
    tracking performance: the CLEAR MOT metrics, 2008.
    Boxes that do not count: Milan et al., MOT16: a benchmark for multi-object tracking, 2016.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import isnan, nan
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.boxes import overlap
from vision.contracts import BOX
from vision.evaluate.mot import Counts

_SAME_IOU = 0.5
"""Overlap from which a box of a track is that of a person (CLEAR MOT, identities)."""

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one sequence, or of several as if they were one.

    All but id switches, ids and people are shares, 1 at best; NaN where the truth has nobody.

    Attributes:
        hota: Mean over overlaps from 0.05 to 0.95 of the geometric mean of `det_a` and `ass_a`.
        det_a: How well boxes agree, whoever they are said to be.
        ass_a: How well the boxes of one track are those of one person.
        idf1: Share of boxes that carry the right id, each person having the one id that suits best.
        mota: 1 less misses, false boxes and id switches, for each true box; may be negative.
        recall: Share of true boxes that were found.
        precision: Share of boxes found that are true.
        id_switches: How often a person went on under another id.
        ids: Number of ids reported.
        people: Number of people in the truth.
    """

    hota: float
    det_a: float
    ass_a: float
    idf1: float
    mota: float
    recall: float
    precision: float
    id_switches: int
    ids: int
    people: int
    _parts: Mapping[str, Mapping[str, Any]] = field(repr=False, compare=False)

    @property
    def id_ratio(self) -> float:
        """Ids reported for each person; NaN where the truth has nobody."""
        return self.ids / self.people if self.people else nan

    def figures(self) -> dict[str, float | int | None]:
        """All of them by name; None for NaN."""
        names = [one.name for one in fields(self) if not one.name.startswith("_")]
        values = {name: getattr(self, name) for name in (*names, "id_ratio")}
        return {name: None if isnan(value) else value for name, value in values.items()}


def score(truth: pl.DataFrame, found: pl.DataFrame) -> Scores:
    """Compare the tracks of one sequence with its truth.

    A box of a track that is matched with a distractor, or with a hidden person when nobody in
    sight claims it, is left out of account.

    Args:
        truth: Rows of `vision.evaluate.mot.TRUTH`, in any order.
        found: Rows of `vision.evaluate.mot.FOUND`, in any order.

    Raises:
        ValueError: An id has two boxes in one frame.
    """
    for rows, whose in ((truth, "the truth"), (found, "the tracks")):
        _check_ids(rows, whose)
    sequence = _sequence(truth, found)
    parts = {name: metric.eval_sequence(sequence) for name, metric in _metrics().items()}
    return _scores(parts, sequence["num_tracker_ids"], sequence["num_gt_ids"])


def pool(scores: Sequence[Scores]) -> Scores:
    """The figures of several sequences as if they were one, ids of each being its own.

    Raises:
        ValueError: There are none.
    """
    if not scores:
        raise ValueError("no scores to pool")
    parts = {
        name: metric.combine_sequences(
            {str(number): one._parts[name] for number, one in enumerate(scores)}
        )
        for name, metric in _metrics().items()
    }
    return _scores(parts, sum(one.ids for one in scores), sum(one.people for one in scores))


def _metrics() -> dict[str, Any]:
    from trackeval.metrics import CLEAR, HOTA, Identity

    quiet = {"PRINT_CONFIG": False, "THRESHOLD": _SAME_IOU}
    return {"hota": HOTA(), "clear": CLEAR(dict(quiet)), "identity": Identity(dict(quiet))}


def _scores(parts: Mapping[str, Mapping[str, Any]], ids: int, people: int) -> Scores:
    figures = {
        # TrackEval keeps one value for each overlap.
        "hota": np.mean(parts["hota"]["HOTA"]),
        "det_a": np.mean(parts["hota"]["DetA"]),
        "ass_a": np.mean(parts["hota"]["AssA"]),
        "idf1": parts["identity"]["IDF1"],
        "mota": parts["clear"]["MOTA"],
        "recall": parts["clear"]["CLR_Re"],
        "precision": parts["clear"]["CLR_Pr"],
    }
    return Scores(
        **{name: float(value) if people else nan for name, value in figures.items()},
        id_switches=int(parts["clear"]["IDSW"]),
        ids=ids,
        people=people,
        _parts=parts,
    )


def _check_ids(rows: pl.DataFrame, whose: str) -> None:
    twice = rows.filter(pl.struct("frame", "id").is_duplicated())
    if not twice.is_empty():
        frame, number = twice.select("frame", "id").row(0)
        raise ValueError(f"{whose}: id {number} has two boxes in frame {frame}")


def _sequence(truth: pl.DataFrame, found: pl.DataFrame) -> dict[str, Any]:
    """What TrackEval's metrics ask for, with boxes that do not count left out."""
    true_by, found_by = _by_frame(truth), _by_frame(found)
    true_ids: list[Numbers] = []
    found_ids: list[Numbers] = []
    alike: list[Array] = []
    for frame in sorted(true_by.keys() | found_by.keys()):
        here, there = true_by.get(frame, truth.clear()), found_by.get(frame, found.clear())
        shared = overlap(_xyxy(here), _xyxy(there))
        counts = here["counts"].cast(pl.String()).to_numpy()
        person = counts == Counts.PERSON
        kept = ~_not_counted(shared, counts)
        true_ids.append(here["id"].to_numpy()[person])
        found_ids.append(there["id"].to_numpy()[kept])
        alike.append(shared[np.ix_(person, kept)])
    people, true_numbers = _numbered(true_ids)
    ids, found_numbers = _numbered(found_ids)
    return {
        "num_timesteps": len(alike),
        "num_gt_ids": people,
        "num_tracker_ids": ids,
        "num_gt_dets": sum(map(len, true_ids)),
        "num_tracker_dets": sum(map(len, found_ids)),
        "gt_ids": true_numbers,
        "tracker_ids": found_numbers,
        "similarity_scores": alike,
    }


def _not_counted(shared: Array, counts: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which boxes of tracks are neither right nor wrong, (m,), by (n, m) overlaps with the truth.

    First as MOTChallenge does: all boxes of the truth are matched, and what falls to a distractor
    goes. Hidden people come after everybody in sight, or who stands behind somebody would take away
    the box of the one in front.
    """
    hidden = counts == Counts.HIDDEN
    result = np.zeros(shared.shape[1], dtype=bool)
    rows, columns = _matched(shared[~hidden])
    result[columns[counts[~hidden][rows] == Counts.DISTRACTOR]] = True
    unclaimed = np.setdiff1d(np.arange(shared.shape[1]), columns)
    _, columns = _matched(shared[np.ix_(hidden, unclaimed)])
    result[unclaimed[columns]] = True
    return result


def _matched(shared: Array) -> tuple[Numbers, Numbers]:
    """Rows and columns of the pairs with the largest overlap in all, each at least half."""
    from scipy.optimize import linear_sum_assignment

    enough = np.where(shared < _SAME_IOU, 0, shared)
    rows, columns = linear_sum_assignment(enough, maximize=True)
    pairs = enough[rows, columns] > 0
    return rows[pairs], columns[pairs]


def _by_frame(rows: pl.DataFrame) -> dict[int, pl.DataFrame]:
    # By place, so that where boxes fit equally well no id decides which of them is taken.
    parts = rows.sort("frame", *BOX, "id").partition_by("frame", as_dict=True)
    return {int(key[0]): part for key, part in parts.items()}


def _xyxy(rows: pl.DataFrame) -> Array:
    return rows.select(BOX).to_numpy().astype(np.float64)


def _numbered(ids: list[Numbers]) -> tuple[int, list[Numbers]]:
    """How many different ids there are, and the ids of each frame numbered from 0."""
    together = np.concatenate([np.empty(0, np.int64), *ids])
    known, numbers = np.unique(together, return_inverse=True)
    ends = np.cumsum([len(part) for part in ids])
    return len(known), np.split(numbers, ends[:-1]) if ids else []
