"""How often an opt-out tag is read, by its size in pixels, and what looking for it costs.

Run: python -m bench.opt_out [--frames 20] [--people 4] [--size 1280x720]. For each side of the
black square, people who wear one walk one after the other through the arcade's two views, filmed as
`footfall simulate` films: H.264 as a recorder writes it, grain, flicker, the blur of a lens. The
print is made so large that it comes to that many pixels in the middle of the way. `read` is the
share of frames in which it was read, `people` that of the people of whom it was read in one frame
or more. `wrong` counts frames, of the same people without a tag, in which one was read. The boxes
are true ones: what the detector misses is no matter here. Milliseconds are processor-time of one
person in one frame.
"""

import argparse
import datetime as dt
import tempfile
import time
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from vision.exports.container import timed_frames
from vision.opt_out.tags import TagReader
from vision.pinhole import Pinhole
from vision.protocols import Image
from vision.simulate.cutouts import look
from vision.simulate.plan import FloorPlan
from vision.simulate.record import encode
from vision.simulate.render import Painter, Standing, TrueBox
from vision.site.load import load_site
from vision.site.models import SiteDay
from vision.site.privacy import OptOutTag

SIDES_PX = (8, 10, 12, 14, 16, 20, 24, 32, 48)
_SITE = Path(__file__).resolve().parents[1] / "examples" / "arcade"
_DAY = dt.date(2026, 3, 14)
_WAYS = {"cam_entrance": ((3.0, 4.0), (8.0, 7.0)), "cam_shops": ((13.5, 7.0), (20.0, 8.5))}
_FPS = 5
_BODY_M = 1.7


class Studio:
    """One camera of the arcade, in which people walk one at a time."""

    def __init__(self, day: SiteDay, camera: str, size: tuple[int, int]) -> None:
        self.size = size
        self._pinhole = Pinhole.of(day.cameras[camera], size)
        plan = FloorPlan.of(day, day.cameras[camera].floor)
        looks = lru_cache(None)(lambda number: look(np.random.default_rng([7, number])))
        self._painter = Painter(self._pinhole, plan, looks, np.random.default_rng(7))
        self._start, self._end = (np.array(point) for point in _WAYS[camera])

    def walked(
        self, side_px: float, people: int, frames: int
    ) -> Iterator[tuple[int, Image, TrueBox]]:
        """Decoded frames of people, and where they are; without a tag for 0 pixels."""
        middle = (self._start + self._end) / 2
        (_, _, depth) = self._pinhole.project(np.array([[*middle, 1.2]]))[0]
        self._painter.tag = OptOutTag(side_m=max(0.03, side_px * depth / self._pinhole.focal))
        self._painter.tagged = frozenset(range(people)) if side_px else frozenset()
        boxes: list[TrueBox] = []

        def painted() -> Iterator[Image]:
            step = (self._end - self._start) / frames
            for number, frame in product(range(people), range(frames)):
                walked_m = float(np.linalg.norm(step)) * frame
                there = self._start + step * frame
                standing = Standing(number, there, _BODY_M, walked_m, step * _FPS)
                image, (box,) = self._painter.paint([standing])
                boxes.append(box)
                yield image

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "walk.mp4"
            encode(path, painted(), self.size, _FPS)
            for (_, frame), box in zip(timed_frames(path), boxes, strict=True):
                yield box.number, frame.to_ndarray(format="bgr24"), box


def looked(tag_px: float, image: Image, box: TrueBox, looks: list[float]) -> bool:
    """Whether a tag is read, by a reader who is told its size in metres as a site tells it."""
    reader = TagReader(OptOutTag(side_m=min(1, max(0.03, tag_px * _BODY_M / box.height))))
    corners = np.array([[box.x, box.y, box.x + box.width, box.y + box.height]], np.float32)
    began = time.process_time()
    found = len(reader.read(image, corners)) > 0
    looks.append(time.process_time() - began)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--sides", type=int, nargs="*", default=SIDES_PX)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    size = tuple(int(side) for side in asked.size.split("x"))
    day = load_site(_SITE).on(_DAY)
    studios = {camera: Studio(day, camera, size) for camera in _WAYS}
    walk = (asked.people, asked.frames)
    without = [one for studio in studios.values() for one in studio.walked(0, *walk)]
    print("| side, px | read | people | wrong | ms a person |\n|---:|---:|---:|---:|---:|")
    for side in asked.sides:
        looks: list[float] = []
        of_people: dict[tuple[str, int], list[bool]] = {}
        for camera, studio in studios.items():
            for number, image, box in studio.walked(side, *walk):
                found = looked(side, image, box, looks)
                of_people.setdefault((camera, number), []).append(found)
        read = [found for one in of_people.values() for found in one]
        wrong = sum(looked(side, image, box, looks) for _, image, box in without)
        people = np.mean([any(one) for one in of_people.values()])
        shares = f"{np.mean(read):.2f} | {people:.2f} | {wrong} of {len(without)}"
        print(f"| {side} | {shares} | {1000 * np.mean(looks):.1f} |", flush=True)


if __name__ == "__main__":
    main()
