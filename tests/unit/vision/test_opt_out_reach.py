"""How large a tag is in a camera's picture, and who wears one in the simulator."""

import numpy as np
import pytest

from tests.unit.vision.simulated import arcade, arcade_walks
from vision.opt_out.reach import reach, sides_px
from vision.pinhole import Pinhole
from vision.simulate.tagging import wearers
from vision.site.privacy import OptOutTag

TAG = OptOutTag(side_m=0.2)


@pytest.fixture
def camera() -> Pinhole:
    return Pinhole.of(arcade().cameras["cam_entrance"])


def test_a_tag_is_smaller_the_farther_it_is_and_as_large_as_it_is_printed(camera: Pinhole):
    floor = np.array([[8.0, 5.0], [6.0, 6.5], [4.0, 8.0]])
    sides = sides_px(camera, TAG, floor)
    assert (np.diff(sides) < 0).all()
    # Seen from above it is lower than wide, and never more than it would be head on.
    depth = camera.project(np.column_stack([floor, np.full(3, 1.25)]))[:, 2]
    assert (sides < 1.02 * camera.focal * TAG.side_m / depth).all()
    assert sides_px(camera, OptOutTag(side_m=0.4), floor) == pytest.approx(2 * sides, rel=0.02)


def test_what_is_asked_for_is_had_on_less_floor_the_more_it_is():
    found = [reach(arcade(), "cam_entrance", TAG, least) for least in (1, 10, 14, 1000)]
    shares = [one.share for one in found]
    assert shares[0] == 1
    assert sorted(shares, reverse=True) == shares
    assert (found[-1].share, found[-1].farthest_m) == (0, 0)
    assert found[0].smallest_px < found[0].largest_px


def test_who_wears_a_tag_is_drawn_from_visitors_by_the_seed():
    walks = arcade_walks()
    visitors = {walk.person.number for walk in walks if not walk.person.staff}
    drawn = wearers(walks, 3, seed=1)
    assert len(drawn) == 3
    assert drawn <= visitors
    assert drawn == wearers(walks, 3, seed=1)
    assert drawn < wearers(walks, 5, seed=1)
    assert wearers(walks, 10_000, seed=1) == visitors
    assert wearers(walks, 0, seed=1) == frozenset()
