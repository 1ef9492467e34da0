"""A shop with one camera and a dozen seconds of six people, small enough to be run dozens of times.

The camera hangs straight above the floor: 20 px to the metre.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from footfall_dagster.settings import Settings
from tests.notices import issue_notice
from vision.protocols import Boxes, Frame

DAY = dt.date(2026, 3, 14)
CAMERA = "cam_door"
SECONDS, FPS = 12, 5
_START = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
_WIDTH, _HEIGHT, _PX_PER_M = 200, 180, 20

_SITE = """\
id: corner
name: Corner Shop
time_zone: Europe/London
trading_day_start: 04:00:00
opens: 2026-03-14
closes: 2026-03-14
trading_hours:
  sat: {opens: "09:00", closes: "12:00"}
floors:
  - id: ground
    outline: [[0, 0], [10, 0], [10, 9], [0, 9]]
gates:
  - id: door
    camera: cam_door
    floor: ground
    line: [[5, 0.5], [5, 8.5]]
    inside: [6, 4]
zones:
  - id: counter
    kind: store
    camera: cam_door
    floor: ground
    polygon: [[6, 0.5], [9.5, 0.5], [9.5, 8.5], [6, 8.5]]
    min_dwell: 1
privacy:
  k: 3
notice:
  controller: Corner Ltd
  contact: privacy@corner.example
"""
_CAMERAS = f"""\
cameras:
  - id: {CAMERA}
    floor: ground
    exports: cam_door/%Y%m%d_%H%M%S.mp4
    frame: [{_WIDTH}, {_HEIGHT}]
    analysed_fps: {FPS}
    calibration:
      - {{pixel: [0, 180], floor: [0, 0]}}
      - {{pixel: [200, 180], floor: [10, 0]}}
      - {{pixel: [200, 0], floor: [10, 9]}}
      - {{pixel: [0, 0], floor: [0, 9]}}
"""

# Where each walks: from x to x in metres, y in metres, first and last second. Two go side by side.
_WALKERS = (
    (1.0, 9.0, 2.5, 0.0, 9.0),
    (1.0, 9.0, 4.0, 0.0, 9.0),
    (9.0, 1.0, 5.5, 1.0, 10.0),
    (2.0, 8.0, 7.0, 2.0, 11.0),
    (8.5, 3.0, 3.3, 3.0, 11.0),
    (3.0, 8.5, 6.2, 4.0, 11.5),
)


class Scripted:
    """A detector that knows where everybody walks and looks at nothing."""

    description = "scripted"

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        for frame in frames:
            at = frame.at_us / 1e6 - _START.timestamp()
            found = [_box(walker, at) for walker in _WALKERS if walker[3] <= at <= walker[4]]
            xyxy = np.array(found, dtype=np.float32).reshape(-1, 4)
            yield Boxes(frame.at_us, xyxy, np.full(len(found), 0.9, np.float32))


def _box(
    walker: tuple[float, float, float, float, float], at: float
) -> tuple[float, float, float, float]:
    x0, x1, y, first, last = walker
    x = (x0 + (x1 - x0) * (at - first) / (last - first)) * _PX_PER_M
    foot = _HEIGHT - y * _PX_PER_M
    return x - 5, foot - 28, x + 5, foot


def open_shop(folder: Path, privacy: str = "") -> Settings:
    """Write the site's files and its recording below `folder`."""
    site = folder / "site"
    site.mkdir(parents=True)
    (site / "site.yaml").write_text(_SITE.replace("  k: 3\n", f"  k: 3\n{privacy}"))
    (site / "cameras.yaml").write_text(_CAMERAS)
    issue_notice(site)
    recording = folder / "recordings" / "cam_door" / f"{_START:%Y%m%d_%H%M%S}.mp4"
    _film(recording)
    return Settings(site=site, home=folder / "var", recordings=folder / "recordings")


def _film(path: Path) -> None:
    path.parent.mkdir(parents=True)
    down, across = np.mgrid[0:_HEIGHT, 0:_WIDTH]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        for number in range(SECONDS * FPS):
            shade = ((down + 2 * across + 3 * number) % 256).astype(np.uint8)
            image = np.dstack([shade, shade // 2, 255 - shade])
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
