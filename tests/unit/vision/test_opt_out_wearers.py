"""Whose boxes are left out because of a tag, and whose are not."""

import datetime as dt

import numpy as np
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vision.contracts import BOX, DETECTIONS, TRACKS
from vision.opt_out.watching import Sightings
from vision.opt_out.wearers import kept
from vision.protocols import View

VIEW = View(1280, 720, analysed_fps=5)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
STEP_US = 200_000
TALL, WIDE = 200.0, 70.0


class Scene:
    """Tracks and stray boxes in the making; frames are a fifth of a second apart."""

    def __init__(self) -> None:
        self.boxes: list[tuple] = []
        self.tracks: list[tuple] = []
        self.names: list[str] = []
        self.seen: list[tuple[int, float, float]] = []
        self._count = 0

    def box(self, name: str, frame: int, x: float, y: float) -> tuple:
        """Somebody whose feet are at (x, y)."""
        place = (x - WIDE / 2, y - TALL, x + WIDE / 2, y)
        self.boxes.append((frame * STEP_US, *place, 0.8))
        self.names.append(name)
        return place

    def walk(
        self, name: str, first: int, count: int, x: float, y: float, vx: float = 0, vy: float = 0
    ) -> "Scene":
        """A track of its own."""
        for number in range(count):
            place = self.box(name, first + number, x + vx * number, y + vy * number)
            self.tracks.append((self._count, (first + number) * STEP_US, *place, 0.8, None))
        self._count += 1
        return self

    def stray(self, name: str, frame: int, x: float, y: float) -> "Scene":
        """A box that is of no track."""
        self.box(name, frame, x, y)
        return self

    def read(self, frame: int, x: float, y: float) -> "Scene":
        """A tag on the chest of somebody whose feet are at (x, y)."""
        self.seen.append((frame * STEP_US, x, y - 0.7 * TALL))
        return self

    def left(self) -> set[str]:
        """Whose boxes stay; of everybody all or none."""
        detections, tracks = (
            pl.DataFrame(rows, schema=list(contract.schema.names()), orient="row")
            .with_columns(pl.from_epoch("frame_at", "us").dt.replace_time_zone("UTC"))
            .cast(contract.schema)
            for rows, contract in (
                (self.boxes, DETECTIONS),
                ([(track, *rest) for track, *rest in self.tracks], TRACKS),
            )
        )
        self.seen.sort()
        seen = Sightings(
            np.array([at for at, _, _ in self.seen], np.int64),
            np.array([place for _, *place in self.seen], np.float32).reshape(-1, 2),
        )
        stays = kept(detections, tracks, seen, VIEW).to_list()
        by_name = {name: set() for name in self.names}
        for name, one in zip(self.names, stays, strict=True):
            by_name[name].add(one)
        assert all(len(one) == 1 for one in by_name.values()), by_name
        return {name for name, one in by_name.items() if one == {True}}


def test_without_a_tag_everybody_stays():
    scene = Scene().walk("ann", 0, 10, 300, 500, 10).stray("ben", 3, 900, 500)
    assert scene.left() == {"ann", "ben"}
    assert Scene().read(3, 300, 500).walk("far", 0, 5, 900, 600).left() == {"far"}


def test_the_whole_way_of_a_wearer_goes_and_nobody_elses():
    scene = Scene().walk("ann", 0, 40, 200, 500, 10).walk("ben", 0, 40, 1000, 700, -3)
    assert scene.read(17, 370, 500).left() == {"ben"}


def test_a_tag_in_two_boxes_is_of_the_one_who_is_known_to_wear_it():
    scene = Scene().walk("ann", 0, 40, 200, 500, 10).walk("ben", 0, 40, 590, 510, -10)
    # They meet halfway; before that it was read on her alone.
    scene.read(3, 230, 500).read(19, 390, 500).read(20, 400, 500)
    assert scene.left() == {"ben"}


def test_of_two_who_may_wear_a_tag_both_go():
    scene = Scene().walk("ann", 0, 40, 200, 500).walk("ben", 0, 40, 230, 520)
    assert scene.read(19, 215, 510).left() == set()


def test_who_is_lost_and_comes_up_again_nearby_is_the_same_person():
    scene = Scene().walk("ann", 0, 20, 200, 500, 10).walk("ann", 25, 20, 430, 500, 10)
    scene.walk("ann", 50, 10, 660, 520, 10).walk("ben", 30, 20, 1000, 600)
    assert scene.read(55, 710, 520).left() == {"ben"}


def test_who_leaves_by_the_edge_of_the_picture_is_not_the_next_one_to_come():
    scene = Scene().walk("ann", 0, 20, 1055, 500, 10).walk("ben", 30, 20, 1240, 520, -10)
    assert scene.read(5, 1105, 500).left() == {"ben"}


def test_who_comes_up_too_far_or_too_late_is_somebody_else():
    scene = Scene().walk("ann", 0, 20, 200, 500, 10).walk("far", 21, 20, 800, 500)
    scene.walk("late", 60, 20, 400, 500)
    assert scene.read(5, 250, 500).left() == {"far", "late"}


def test_a_second_track_on_the_same_body_goes_too():
    scene = Scene().walk("ann", 0, 40, 200, 500, 10).walk("ann", 5, 20, 258, 490, 10)
    assert scene.read(30, 500, 500).left() == set()


def test_who_passes_behind_a_wearer_stays():
    scene = Scene().walk("ann", 0, 40, 200, 500, 10).walk("ben", 0, 40, 600, 440, -15)
    assert scene.read(2, 220, 500).left() == {"ben"}


def test_stray_boxes_near_a_wearer_go():
    scene = Scene().walk("ann", 10, 20, 300, 500, 10).stray("ann", 12, 330, 480)
    scene.stray("ann", 5, 250, 500).stray("ann", 38, 560, 510).stray("ben", 12, 1000, 600)
    assert scene.read(20, 400, 500).left() == {"ben"}


def test_a_tag_that_is_read_on_stray_boxes_alone_takes_those_around_it():
    scene = Scene().stray("ann", 10, 300, 500).stray("ann", 14, 330, 500)
    scene.stray("ben", 14, 900, 500).walk("cat", 0, 20, 1100, 600)
    assert scene.read(10, 300, 500).left() == {"ben", "cat"}


def test_detections_in_any_order_are_told_by_their_own_rows():
    scene = Scene().walk("ben", 0, 20, 1000, 600).walk("ann", 0, 20, 200, 500, 10)
    assert scene.boxes[0][0] < scene.boxes[19][0] > scene.boxes[20][0]
    assert scene.read(5, 250, 500).left() == {"ben"}


def test_where_there_are_no_boxes_nothing_is_left_out():
    none = kept(
        DETECTIONS.empty(),
        TRACKS.empty(),
        Sightings(np.array([1]), np.zeros((1, 2), np.float32)),
        VIEW,
    )
    assert none.to_list() == []
    assert set(BOX) < set(DETECTIONS.schema)


@settings(max_examples=60)
@given(
    wearer=st.tuples(st.integers(40, 500), st.integers(210, 700), st.integers(-8, 8)),
    other=st.tuples(st.integers(900, 1240), st.integers(210, 700), st.integers(-2, 2)),
    first=st.integers(0, 60),
    read=st.sets(st.integers(0, 29), min_size=1),
)
def test_somebody_far_away_is_untouched_whenever_they_come(wearer, other, first, read):
    x, y, vx = wearer
    since_s = (first - 39) / 5
    # Who comes up within three seconds of a wearer's end, where a fast walk leads, may be they.
    apart = np.hypot(other[0] - (x + 29 * vx), other[1] - y)
    assume(not 0 < since_s <= 3 or apart > (0.6 + 0.9 * since_s) * TALL + 0.01)
    scene = Scene().walk("ann", 10, 30, x, y, vx).walk("ben", first, 40, *other)
    for number in read:
        scene.read(10 + number, x + vx * number, y)
    assert scene.left() == {"ben"}
