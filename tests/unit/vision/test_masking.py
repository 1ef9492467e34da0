import numpy as np

from vision.masking import blank, blanked
from vision.protocols import Frame

IMAGE = np.full((40, 60, 3), 250, dtype=np.uint8)
MASK = [(10, 10), (30, 10), (30, 30), (10, 30)]


def test_nothing_of_a_masked_region_is_left() -> None:
    painted = blank(IMAGE, [MASK])
    assert not (painted[10:31, 10:31] == 250).any()
    assert (painted[:9] == 250).all()
    assert (painted[:, 32:] == 250).all()


def test_the_frame_that_was_given_is_not_changed() -> None:
    blank(IMAGE, [MASK])
    assert (IMAGE == 250).all()


def test_frames_keep_their_times_behind_masks() -> None:
    frames = list(blanked([Frame(7, IMAGE), Frame(9, IMAGE)], [MASK]))
    assert [frame.at_us for frame in frames] == [7, 9]
    assert all((frame.image[20, 20] != 250).all() for frame in frames)
