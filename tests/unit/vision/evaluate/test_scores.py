"""Tracks beside a truth that is small enough to count by hand."""

from math import isnan, sqrt
from operator import itemgetter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackeval.datasets import MotChallenge2DBox
from trackeval.metrics import CLEAR, HOTA, Identity

from tests.unit.vision.evaluate.boxes import found, row, truth
from vision.evaluate.mot import Counts, read_found, read_truth
from vision.evaluate.scores import pool, score

_SHARES = ("hota", "det_a", "ass_a", "idf1", "mota", "recall", "precision")
_TWO_WALK = truth(
    *[row(frame, who, 100.0 * who + frame) for frame in range(1, 9) for who in (1, 2)]
)


def _tracks(of):
    return of.drop("counts")


def _one(frames, number=1):
    return [row(frame, number, 0.0) for frame in frames]


def test_truth_beside_itself_is_without_fault():
    scores = score(_TWO_WALK, _tracks(_TWO_WALK))
    assert {name: getattr(scores, name) for name in _SHARES} == pytest.approx(
        dict.fromkeys(_SHARES, 1.0)
    )
    assert (scores.id_switches, scores.ids, scores.people, scores.id_ratio) == (0, 2, 2, 1.0)


def test_one_id_switch_halfway_halves_idf1():
    # One person, eight frames, id 1 for four and id 2 for four. The one id that suits best has 4
    # of 8 boxes right: IDTP 4, IDFN 4, IDFP 4. MOTA 1 - 1/8. All boxes agree (DetA 1); each is of
    # a track that shares 4 boxes with the person out of 8 (AssA 1/2).
    scores = score(truth(*_one(range(1, 9))), found(*_one(range(1, 5)), *_one(range(5, 9), 2)))
    assert scores.idf1 == pytest.approx(0.5)
    assert scores.mota == pytest.approx(1 - 1 / 8)
    assert (scores.det_a, scores.ass_a) == (pytest.approx(1.0), pytest.approx(0.5))
    assert scores.hota == pytest.approx(sqrt(0.5))
    assert (scores.id_switches, scores.ids, scores.people, scores.id_ratio) == (1, 2, 1, 2.0)


def test_misses_and_false_boxes_are_counted_one_by_one():
    # Two people in two frames; one box missed, two boxes where nobody is.
    true = truth(row(1, 1, 0), row(1, 2, 50), row(2, 1, 0), row(2, 2, 50))
    seen = found(row(1, 1, 0), row(1, 2, 50), row(2, 1, 0), row(1, 3, 300), row(2, 3, 300))
    scores = score(true, seen)
    assert scores.recall == pytest.approx(3 / 4)
    assert scores.precision == pytest.approx(3 / 5)
    assert scores.mota == pytest.approx(1 - (1 + 2) / 4)
    # IDTP 3, IDFN 1, IDFP 2.
    assert scores.idf1 == pytest.approx(2 * 3 / (2 * 3 + 1 + 2))
    # At each overlap: 3 right, 1 missed, 2 false.
    assert scores.det_a == pytest.approx(3 / 6)


def test_half_an_overlap_is_the_same_person_and_less_is_not():
    # Boxes 20 high and 10 wide, shifted down by 6 2/3: 13 1/3 of 26 2/3 in common.
    assert score(truth(row(1, 1, 0)), found(row(1, 1, 0, 6.66))).recall == 1
    assert score(truth(row(1, 1, 0)), found(row(1, 1, 0, 6.68))).recall == 0


@pytest.mark.parametrize("counts", [Counts.HIDDEN, Counts.DISTRACTOR])
def test_what_does_not_count_is_neither_missed_nor_false(counts):
    true = pl.concat([truth(row(1, 1, 0)), truth(row(1, 2, 100), counts=counts)])
    for seen in (found(row(1, 1, 0)), found(row(1, 1, 0), row(1, 2, 101))):
        scores = score(true, seen)
        assert (scores.recall, scores.precision, scores.mota) == (1, 1, 1)
        assert (scores.ids, scores.people) == (1, 1)


def test_what_is_no_person_is_not_to_be_found():
    true = pl.concat([truth(row(1, 1, 0)), truth(row(1, 2, 100), counts=Counts.OTHER)])
    assert score(true, found(row(1, 1, 0))).recall == 1
    assert score(true, found(row(1, 1, 0), row(1, 2, 100))).precision == 1 / 2


def test_who_is_hidden_takes_no_box_from_the_one_in_front():
    # The only box lies nearer to the person behind.
    true = pl.concat([truth(row(1, 1, 0)), truth(row(1, 2, 2), counts=Counts.HIDDEN)])
    scores = score(true, found(row(1, 7, 2)))
    assert (scores.recall, scores.precision) == (1, 1)


def test_nothing_found_scores_nothing():
    scores = score(_TWO_WALK, _tracks(_TWO_WALK).clear())
    assert (scores.hota, scores.idf1, scores.recall, scores.ids) == (0, 0, 0, 0)


def test_nobody_there_has_no_shares():
    scores = score(_TWO_WALK.clear(), _tracks(_TWO_WALK))
    assert all(isnan(getattr(scores, name)) for name in (*_SHARES, "id_ratio"))
    assert (scores.ids, scores.people) == (2, 0)


def test_several_sequences_are_scored_as_one():
    perfect = score(_TWO_WALK, _tracks(_TWO_WALK))
    blind = score(_TWO_WALK, _tracks(_TWO_WALK).clear())
    deserted = score(_TWO_WALK.clear(), _tracks(_TWO_WALK))
    both = pool([perfect, blind, deserted])
    # 16 boxes found, 16 missed, 16 false.
    assert (both.recall, both.precision, both.mota) == (0.5, 0.5, 0.0)
    assert (both.ids, both.people) == (4, 4)
    assert pool([perfect]) == perfect


def test_no_sequence_has_no_score():
    with pytest.raises(ValueError, match="no scores"):
        pool([])


def test_a_crowd_scores_as_mot_challenge_s_own_program_scores_it(tmp_path):
    # Files in folders, as its benchmark has them; people, cars and reflections in a row.
    folder = tmp_path / "gt" / "MOT17-train" / "MOT17-01" / "gt"
    folder.mkdir(parents=True)
    tracks = tmp_path / "trackers" / "MOT17-train" / "ours" / "data"
    tracks.mkdir(parents=True)
    rng = np.random.default_rng(5)
    true_lines, found_lines = [], []
    for frame in range(1, 31):
        for who, kind in enumerate(rng.choice([1, 3, 8, 12], 12, p=[0.6, 0.1, 0.2, 0.1]), start=1):
            x, y = 18.0 * who + frame, rng.normal(0, 4)
            flag = int(kind == 1 and rng.random() < 0.9)
            true_lines.append(f"{frame},{who},{x:.2f},{y:.2f},40,90,{flag},{kind},1")
            if rng.random() < 0.8:
                dx, number = rng.normal(0, 8), who + 20 * (frame > 5 + who)
                found_lines.append(f"{frame},{number},{x + dx:.2f},{y:.2f},40,90,1,-1,-1,-1")
    (folder / "gt.txt").write_text("\n".join(true_lines))
    (tracks / "MOT17-01.txt").write_text("\n".join(found_lines))
    official = MotChallenge2DBox(
        {
            "GT_FOLDER": str(tmp_path / "gt"),
            "TRACKERS_FOLDER": str(tmp_path / "trackers"),
            "SPLIT_TO_EVAL": "train",
            "SEQ_INFO": {"MOT17-01": 30},
            "PRINT_CONFIG": False,
        }
    )
    data = official.get_preprocessed_seq_data(
        official.get_raw_seq_data("ours", "MOT17-01"), "pedestrian"
    )
    hota = HOTA().eval_sequence(data)
    clear = CLEAR({"PRINT_CONFIG": False}).eval_sequence(data)
    identity = Identity({"PRINT_CONFIG": False}).eval_sequence(data)
    ours = score(read_truth(folder / "gt.txt"), read_found(tracks / "MOT17-01.txt"))
    assert ours.figures() == pytest.approx(
        {
            "hota": hota["HOTA"].mean(),
            "det_a": hota["DetA"].mean(),
            "ass_a": hota["AssA"].mean(),
            "idf1": identity["IDF1"],
            "mota": clear["MOTA"],
            "recall": clear["CLR_Re"],
            "precision": clear["CLR_Pr"],
            "id_switches": clear["IDSW"],
            "ids": data["num_tracker_ids"],
            "people": data["num_gt_ids"],
            "id_ratio": data["num_tracker_ids"] / data["num_gt_ids"],
        }
    )
    assert 0.3 < ours.idf1 < 0.9


@pytest.mark.parametrize("whose", ["the truth", "the tracks"])
def test_an_id_twice_in_a_frame_is_refused(whose):
    once, twice = [row(4, 6, 0)], [row(4, 6, 0), row(4, 6, 50)]
    true = truth(*(twice if whose == "the truth" else once))
    seen = found(*(once if whose == "the truth" else twice))
    with pytest.raises(ValueError, match=f"^{whose}: id 6 has two boxes in frame 4$"):
        score(true, seen)


def _boxes(by):
    box = st.tuples(st.integers(1, 6), st.integers(0, 4), st.integers(0, 60))
    return st.lists(box, min_size=1, unique_by=by)


_ONE_BOX_AN_ID = itemgetter(0, 1)
_ONE_BOX_A_PLACE = itemgetter(0, 2)


@given(
    true=_boxes((_ONE_BOX_AN_ID, _ONE_BOX_A_PLACE)),
    seen=_boxes((_ONE_BOX_AN_ID, _ONE_BOX_A_PLACE)),
    names=st.permutations([3, -7, 10**12, 0, 25]),
)
def test_what_ids_are_called_changes_nothing(true, seen, names):
    tracks = found(*[row(frame, who, x) for frame, who, x in seen])
    renamed = found(*[row(frame, names[who], x) for frame, who, x in seen])
    people = truth(*[row(frame, who, x) for frame, who, x in true])
    plain, other = score(people, tracks), score(people, renamed.reverse())
    figures = (*_SHARES, "id_switches", "ids", "people")
    assert [getattr(plain, name) for name in figures] == pytest.approx(
        [getattr(other, name) for name in figures]
    )


@given(true=_boxes(_ONE_BOX_AN_ID))
def test_any_truth_beside_itself_is_without_fault(true):
    # Apart, so that nobody stands where somebody else does.
    people = truth(*[row(frame, who, x, 100.0 * who) for frame, who, x in true])
    scores = score(people, _tracks(people))
    assert [getattr(scores, name) for name in _SHARES] == pytest.approx([1.0] * len(_SHARES))
