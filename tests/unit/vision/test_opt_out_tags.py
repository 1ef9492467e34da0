"""The opt-out tag: as it is printed, and as it is read in frames."""

import re

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vision.opt_out.printed import squares, svg
from vision.opt_out.tags import TagReader
from vision.opt_out.watching import TagWatch
from vision.protocols import Boxes, Frame
from vision.site.privacy import OptOutTag, Privacy

TAG = OptOutTag(id=0, side_m=0.2)
BOX = np.array([[200, 100, 280, 320]], np.float32)
"""Somebody of 220 pixels, on whom a tag of 20 cm has 26."""


def frame(side_px: float, tag: OptOutTag = TAG, at: tuple[float, float] = (240, 165)) -> np.ndarray:
    """A person of one colour with a tag on the chest, out of focus as a lens leaves it."""
    noise = np.random.default_rng(1)
    image = np.full((400, 500, 3), 120, np.float32)
    image[100:320, 200:280] = (60, 80, 70)
    if side_px:
        fine = 4
        drawn = np.kron(squares(tag), np.ones((32, 32), np.uint8)).astype(np.float32)
        whole = round(fine * side_px * len(squares(tag)) / (len(squares(tag)) - 2))
        print_ = cv2.resize(drawn, (whole, whole), interpolation=cv2.INTER_AREA)
        large = cv2.resize(image, None, fx=fine, fy=fine)
        left, top = (round(fine * middle - whole / 2) for middle in at)
        large[top : top + whole, left : left + whole] = print_[..., None]
        image = cv2.resize(large, (500, 400), interpolation=cv2.INTER_AREA)
    image = cv2.GaussianBlur(image, (0, 0), 0.5) + noise.normal(0, 2, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("side_px", [16, 20, 26, 40])
def test_a_tag_is_read_where_it_is(side_px: int):
    (place,) = TagReader(TAG).read(frame(side_px), BOX)
    assert place == pytest.approx((240, 165), abs=2)


@given(x=st.floats(215, 265), y=st.floats(130, 200))
def test_a_tag_is_read_anywhere_on_a_person(x: float, y: float):
    (place,) = TagReader(TAG).read(frame(26, at=(x, y)), BOX)
    assert place == pytest.approx((x, y), abs=2)


def test_what_is_no_tag_of_the_site_is_not_read():
    reader = TagReader(TAG)
    assert not len(reader.read(frame(0), BOX))
    assert not len(reader.read(frame(30, OptOutTag(id=7)), BOX))
    assert not len(reader.read(frame(30, OptOutTag(dictionary="5x5_50", id=0)), BOX))


def test_nothing_is_read_far_from_anybody():
    elsewhere = np.array([[20, 100, 60, 210]], np.float32)
    assert not len(TagReader(TAG).read(frame(30), elsewhere))
    assert not len(TagReader(TAG).read(frame(30), np.zeros((0, 4), np.float32)))


def test_boxes_of_one_person_are_looked_at_once():
    twice = np.vstack([BOX, BOX + np.float32(2)])
    assert len(TagReader(TAG).read(frame(26), twice)) == 1


def test_a_box_at_the_edge_of_the_frame_is_looked_at_as_far_as_it_goes():
    cut = frame(26)[:, 200:]
    (place,) = TagReader(TAG).read(cut, BOX - np.array([200, 0, 200, 0], np.float32))
    assert place == pytest.approx((40, 165), abs=2)


class _Sees:
    description = "sees one"

    def detect(self, frames):
        for one in frames:
            yield Boxes(one.at_us, BOX, np.full(1, 0.9, np.float32))


def test_a_watch_gives_what_the_detector_gives_and_notes_what_it_read():
    watch = TagWatch(_Sees(), TagReader(TAG))
    given_ = [Frame(1, frame(0)), Frame(2, frame(26)), Frame(3, frame(0)), Frame(5, frame(30))]
    boxes = list(watch.detect(given_))
    assert [one.at_us for one in boxes] == [1, 2, 3, 5]
    assert watch.description == "sees one"
    assert watch.sightings.at_us.tolist() == [2, 5]
    assert watch.sightings.xy == pytest.approx(np.array([[240, 165]] * 2), abs=2)
    assert "240" not in repr(watch.sightings)


def test_the_print_has_its_true_size_and_a_white_edge():
    drawn = svg(OptOutTag(side_m=0.15))
    assert 'width="200.00mm" height="200.00mm" viewBox="0 0 8 8"' in drawn
    black = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", drawn)}
    assert black == {(x, y) for y, x in np.argwhere(squares(TAG) == 0)}
    assert all(0 < x < 7 and 0 < y < 7 for x, y in black)


def test_a_vault_and_a_tag_are_not_had_together():
    with pytest.raises(ValidationError, match="appearance to memory"):
        Privacy(appearance="vault", opt_out_tag=TAG)
    assert Privacy(appearance="memory", opt_out_tag=TAG).opt_out_tag == TAG
    assert Privacy().opt_out_tag is None
