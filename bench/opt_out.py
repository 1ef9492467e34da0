"""How often an opt-out tag is read, by its size in pixels, and what looking for it costs.

Run: python -m bench.opt_out [--frames 60] [--people 6] [--size 1280x720]. For each side of the
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
from pathlib import Path

import cv2
import numpy as np

from vision.exports.container import timed_frames
from vision.opt_out.tags import TagReader
from vision.protocols import Image
from vision.simulate.camera import Pinhole
from vision.simulate.cutouts import look
from vision.simulate.plan import FloorPlan
from vision.simulate.record import encode
from vision.simulate.render import Painter, Standing, TrueBox
from vision.site.load import load_site
from vision.site.models import OptOutTag, SiteDay

SIDES_PX = (8, 10, 12, 14, 16, 20, 24, 32, 48)
_SITE = Path(__file__).resolve().parents[1] / "examples" / "arcade"
_DAY = dt.date(2026, 3, 14)
_WAYS = {"cam_entrance": ((3.0, 4.0), (8.0, 7.0)), "cam_shops": ((13.5, 7.0), (20.0, 8.5))}
_FPS = 5
_BODY_M = 1.7


def walked(
    day: SiteDay, camera: str, size: tuple[int, int], side_px: float, people: range, frames: int
) -> Iterator[tuple[int, Image, TrueBox]]:
    """Decoded frames of one person at a time, and where they are; without a tag for 0 pixels."""
    pinhole = Pinhole.of(day.cameras[camera], size)
    start, end = (np.array(point) for point in _WAYS[camera])
    middle = (start + end) / 2
    (_, _, depth) = pinhole.project(np.array([[*middle, 1.2]]))[0]
    tag = OptOutTag(side_m=max(0.03, side_px * depth / pinhole.focal))
    for number in people:
        painter = Painter(
            pinhole,
            FloorPlan.of(day, day.cameras[camera].floor),
            lru_cache(None)(lambda number: look(np.random.default_rng([7, number]))),
            np.random.default_rng([number, round(side_px)]),
            tag,
            frozenset({number} if side_px else ()),
        )
        boxes: list[TrueBox] = []

        def painted(painter=painter, boxes=boxes, number=number) -> Iterator[Image]:
            step = (end - start) / frames
            for frame in range(frames):
                walked_m = float(np.linalg.norm(step)) * frame
                there = start + step * frame
                image, found = painter.paint(
                    [Standing(number, there, _BODY_M, walked_m, step * _FPS)]
                )
                boxes += found
                yield image

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "walk.mp4"
            encode(path, painted(), size, _FPS)
            for (_, frame), box in zip(timed_frames(path), boxes, strict=True):
                yield number, frame.to_ndarray(format="bgr24"), box


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--sides", type=int, nargs="*", default=SIDES_PX)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    size = tuple(int(side) for side in asked.size.split("x"))
    day = load_site(_SITE).on(_DAY)
    print("| side, px | read | people | wrong | ms a person |\n|---:|---:|---:|---:|---:|")
    for side in asked.sides:
        read, of_people, wrong, looks = [], {}, 0, []
        for camera in _WAYS:
            pinhole = Pinhole.of(day.cameras[camera], size)
            for worn in (side, 0):
                for number, image, box in walked(
                    day, camera, size, worn, range(asked.people), asked.frames
                ):
                    # Told of the tag as a site would be: by its size in metres.
                    depth = box.height / pinhole.focal
                    tag = OptOutTag(side_m=min(1, max(0.03, side * _BODY_M / box.height)))
                    del depth
                    corners = np.array(
                        [[box.x, box.y, box.x + box.width, box.y + box.height]], np.float32
                    )
                    began = time.process_time()
                    found = len(TagReader(tag).read(image, corners)) > 0
                    looks.append(time.process_time() - began)
                    if worn:
                        read.append(found)
                        of_people.setdefault((camera, number), []).append(found)
                    else:
                        wrong += found
        people = [any(one) for one in of_people.values()]
        print(
            f"| {side} | {np.mean(read):.2f} | {np.mean(people):.2f} | {wrong} of {len(read)} | "
            f"{1000 * np.mean(looks):.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
