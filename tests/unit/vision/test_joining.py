import numpy as np
from numpy.typing import NDArray

from vision.ground import Ground
from vision.joining import join
from vision.protocols import View
from vision.tracklets import Tracklet

Array = NDArray[np.float64]
AT_S: Array = np.linspace(0, 1.92, 25)


def test_pieces_that_take_turns_at_one_person_become_one_track() -> None:
    # Now and then the detector takes what is above somebody for a part of them.
    high = np.isin(np.arange(25), [8, 16, 17, 19, 20])
    top = np.where(high, 76.0, 92.0)
    left = 225 + AT_S * 10
    boxes = np.column_stack([left, top, left + 20, np.full(25, 145.0)])
    pieces = [[*range(8)], [8], [*range(9, 16)], [16, 17], [18], [19, 20], [*range(21, 25)]]
    assert _joined(AT_S, boxes, pieces, View(384, 288, 12.5)) == [[*range(25)]]


def test_a_stray_box_at_the_end_of_a_path_does_not_keep_it_from_going_on() -> None:
    # Somebody far away is seen now and then, not at all for three seconds, and then again; another
    # stands by, so that there are frames all the time.
    walker_s = np.concatenate([np.arange(12) * 0.2, [2.4], 5.6 + np.arange(20) * 0.2])
    stander_s = np.arange(48) * 0.2
    left = np.concatenate([40 + walker_s * 45, np.full(48, 600.0)])
    at_s = np.concatenate([walker_s, stander_s])
    order = np.argsort(at_s, kind="stable")
    boxes = np.column_stack([left, np.full(81, 90.0), left + 30, np.full(81, 180.0)])[order]
    walker = np.flatnonzero(order < 33).tolist()
    pieces = [walker[:12], [walker[12]], walker[13:], np.flatnonzero(order >= 33).tolist()]
    pieces.sort(key=lambda rows: rows[0])
    assert walker in _joined(at_s[order], boxes, pieces, View(640, 360, 5))


def _joined(at_s: Array, boxes: Array, pieces: list[list[int]], view: View) -> list[list[int]]:
    tracks, _ = join(
        at_s,
        boxes,
        np.full(len(boxes), 0.7),
        [Tracklet(rows) for rows in pieces],
        view,
        Ground(None, None),
        np.full(len(boxes), np.nan),
    )
    return tracks
