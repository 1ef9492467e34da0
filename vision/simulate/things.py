"""How pillars, plants and stands look.

Belongs here: drawing one thing on a canvas. Does not belong here: where it stands
(`vision.simulate.furniture`), what is behind it (`vision.simulate.scene`).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.pinhole import Pinhole
from vision.simulate.geometry import Floats


def quad(
    canvas: NDArray[np.uint8],
    camera: Pinhole,
    start: Floats,
    end: Floats,
    low: float,
    high: float,
    colour: tuple[float, ...],
) -> None:
    """Fill the upright rectangle over the floor line start-end, from `low` to `high` metres."""
    corners = np.array([[*start, low], [*end, low], [*end, high], [*start, high]])
    outline = camera.clip_polygon(corners)
    if len(outline):
        points = np.clip(np.round(outline * 16), -(2**24), 2**24).astype(np.int32)
        tone = tuple(round(part) for part in colour)
        cv2.fillPoly(canvas, [points], tone, lineType=cv2.LINE_AA, shift=4)


def _pillar(
    canvas: NDArray[np.uint8], camera: Pinhole, left: Floats, right: Floats, height: float
) -> None:
    strips = 12
    for strip in range(strips):
        low, high = strip / strips, (strip + 1) / strips
        light = 120 + 90 * float(np.sin(np.pi * (0.15 + 0.7 * (low + high) / 2)))
        ends = left + low * (right - left), left + high * (right - left)
        quad(canvas, camera, *ends, 0, height, (light * 0.96, light, light, 255))
    quad(canvas, camera, left, right, 0, 0.25, (80, 84, 88, 255))


def _plant(
    canvas: NDArray[np.uint8], camera: Pinhole, left: Floats, right: Floats, height: float
) -> None:
    middle = (left + right) / 2
    pot = 0.35 * height
    quad(
        canvas,
        camera,
        left * 0.8 + middle * 0.2,
        right * 0.8 + middle * 0.2,
        0,
        pot,
        (70, 84, 112, 255),
    )
    rng = np.random.default_rng(3)
    scale = camera.focal / float(camera.project(np.array([[*middle, 0]]))[0, 2])
    for _ in range(70):
        share, up = rng.uniform(0, 1), rng.uniform(pot, height)
        at = camera.project(np.array([[*(left + share * (right - left)), up]]))[0]
        if not np.isfinite(at).all():
            return
        green = int(rng.integers(70, 150))
        axes = (max(1, int(0.035 * scale)), max(2, int(0.12 * scale)))
        angle = 60 * (share - 0.5) * 2
        centre = (int(at[0]), int(at[1]))
        tone = (green // 3, green, green // 2, 255)
        cv2.ellipse(canvas, centre, axes, angle, 0, 360, tone, -1, cv2.LINE_AA)


def _stand(
    canvas: NDArray[np.uint8], camera: Pinhole, left: Floats, right: Floats, height: float
) -> None:
    quad(canvas, camera, left, right, 0, height, (150, 118, 84, 255))
    inner = 0.12 * (right - left)
    quad(canvas, camera, left + inner, right - inner, 0.25, 0.8 * height, (206, 196, 120, 255))
    quad(canvas, camera, left + 2 * inner, right - 2 * inner, 0.4, 0.6 * height, (70, 60, 190, 255))


DRAWN = {"pillar": _pillar, "plant": _plant, "stand": _stand}
"""What draws each kind: on a BGRA canvas, between the left and right edge of its foot."""
