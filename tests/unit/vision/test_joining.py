import numpy as np

from vision.ground import Ground
from vision.joining import join
from vision.protocols import View
from vision.tracklets import Tracklet

AT_S = np.arange(25) * 0.08


def test_pieces_that_take_turns_at_one_person_become_one_track() -> None:
    # Now and then the detector takes what is above somebody for a part of them.
    high = np.isin(np.arange(25), [8, 16, 17, 19, 20])
    top = np.where(high, 76.0, 92.0)
    left = 225 + AT_S * 10
    boxes = np.column_stack([left, top, left + 20, np.full(25, 145.0)])
    pieces = [[*range(8)], [8], [*range(9, 16)], [16, 17], [18], [19, 20], [*range(21, 25)]]
    tracks, _ = join(
        AT_S,
        boxes,
        np.full(25, 0.7),
        [Tracklet(rows) for rows in pieces],
        View(384, 288, 12.5),
        Ground(None, None),
        np.full(25, np.nan),
    )
    assert tracks == [[*range(25)]]
