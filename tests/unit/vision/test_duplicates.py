import numpy as np

from vision.duplicates import once_each, without_shadows

WHOLE, HALF = [100.0, 100.0, 130.0, 180.0], [101.0, 100.0, 129.0, 150.0]
UNKNOWN = np.full(2, np.nan)


def test_a_surer_half_of_a_faint_whole_person_is_dropped_and_lends_its_score() -> None:
    keep, scores = once_each(np.array([WHOLE, HALF]), np.array([0.17, 0.7]), np.array([1.02, 0.62]))
    assert keep.tolist() == [True, False]
    assert scores[0] == 0.7


def test_where_nobody_knows_how_tall_people_are_the_faint_box_is_not_believed() -> None:
    keep, _ = once_each(np.array([WHOLE, HALF]), np.array([0.17, 0.7]), UNKNOWN)
    assert keep.tolist() == [True, True]


def test_a_half_of_a_sure_whole_person_is_dropped_whatever_is_known() -> None:
    keep, scores = once_each(np.array([WHOLE, HALF]), np.array([0.5, 0.3]), UNKNOWN)
    assert keep.tolist() == [True, False]
    assert scores[0] == 0.5


def test_somebody_behind_keeps_their_box() -> None:
    behind = [110.0, 80.0, 138.0, 150.0]
    keep, _ = once_each(np.array([WHOLE, behind]), np.array([0.8, 0.8]), np.array([1.0, 1.0]))
    assert keep.all()


def test_no_boxes_are_no_boxes() -> None:
    keep, scores = once_each(np.zeros((0, 4)), np.zeros(0), np.zeros(0))
    assert not len(keep)
    assert not len(scores)


def test_two_tracklets_that_take_turns_at_one_person_become_one() -> None:
    at_s = np.arange(12) * 0.2
    boxes = np.array([WHOLE]) + np.arange(12)[:, None] * [6.0, 0.0, 6.0, 0.0]
    turns = [[0, 1, 4, 5, 8, 9], [2, 3, 6, 7, 10, 11]]
    assert without_shadows(at_s, boxes, turns) == [list(range(12))]


def test_two_people_who_are_seen_together_stay_two() -> None:
    at_s = np.repeat(np.arange(6) * 0.2, 2)
    boxes = np.array([WHOLE, [118.0, 96.0, 148.0, 176.0]] * 6)
    tracklets = [list(range(0, 12, 2)), list(range(1, 12, 2))]
    assert without_shadows(at_s, boxes, tracklets) == tracklets
