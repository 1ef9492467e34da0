"""One camera's frames: people as upright cut-outs in a drawn scene, and the boxes they fill.

Belongs here: painting a frame. Does not belong here: encoding (`vision.simulate.record`), where
people are (`vision.simulate.walk`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from vision.pinhole import Pinhole
from vision.protocols import Image
from vision.simulate.cutouts import SPRITE_HEIGHT, Look, Sprite
from vision.simulate.geometry import Floats, inside_polygon
from vision.simulate.plan import FloorPlan
from vision.simulate.scene import Layer, backdrop
from vision.simulate.tagging import lay_on
from vision.site.privacy import OptOutTag

_STEP_M = 0.34
_SOLE = 0.985
_NOISE_FRAMES = 12
_NOISE = 2.2
_FLICKER = 0.012
_OPAQUE = 96
_SPRITES = 2_000
"""Cut-outs that are kept at the size they were painted in."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person at one moment.

    Attributes:
        number: Number of the person.
        floor: (2,) metres.
        height: Of the body, metres.
        walked: Metres walked so far, which set the phase of the step.
        heading: (2,) metres per second.
    """

    number: int
    floor: Floats
    height: float
    walked: float
    heading: Floats


@dataclass(frozen=True, slots=True)
class TrueBox:
    """A person's box in one frame, cut at the frame's edge.

    `visible` is the share of the whole body that is inside the frame and not hidden.
    """

    number: int
    x: float
    y: float
    width: float
    height: float
    visible: float


@dataclass
class Painter:
    """Paints the frames of one camera; who is `tagged` wears `tag`."""

    camera: Pinhole
    plan: FloorPlan
    look_of: Callable[[int], Look]
    rng: Generator
    tag: OptOutTag | None = None
    tagged: frozenset[int] = frozenset()
    _facing: dict[int, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._shrunk = lru_cache(_SPRITES)(self._shrink)
        scene = backdrop(self.camera, self.plan)
        self._bare = scene.bare
        self._fronts, self._things = scene.fronts, scene.things
        empty = scene.bare.copy()
        for layer in scene.fronts:
            _paint_layer(empty, layer)
        self._empty = empty
        shape = (_NOISE_FRAMES, self.camera.height, self.camera.width, 3)
        grain = self.rng.normal(0, _NOISE, shape).astype(np.float32)
        self._noise = np.clip(np.round(grain), -20, 20).astype(np.int16)
        disc = np.zeros((64, 64), np.float32)
        cv2.circle(disc, (32, 32), 22, 1.0, -1)
        self._shadow = cv2.GaussianBlur(disc, (0, 0), 6)

    def paint(self, people: list[Standing]) -> tuple[Image, list[TrueBox]]:
        """Paint one frame and say where each person is in it."""
        visible = [person for person in people if self._near_view(person)]
        within = {person.number: self._store_of(person) for person in visible}
        image = (self._bare if any(within.values()) else self._empty).copy()
        owner = np.zeros(image.shape[:2], np.uint16)
        whole: dict[int, tuple[tuple[float, float, float, float], int]] = {}
        eye = self.camera.centre[:2]
        visible.sort(key=lambda person: -float(np.linalg.norm(person.floor - eye)))
        for person in visible:
            if within[person.number]:
                self._paint_person(image, owner, person, whole)
        if any(within.values()):
            for layer in self._fronts:
                _paint_layer(image, layer, owner)
        outside: list[tuple[float, Standing | Layer]] = [
            (float(np.linalg.norm(person.floor - eye)), person)
            for person in visible
            if not within[person.number]
        ]
        outside += [(layer.distance, layer) for layer in self._things]
        for _, thing in sorted(outside, key=lambda entry: -entry[0]):
            if isinstance(thing, Layer):
                _paint_layer(image, thing, owner)
            else:
                self._paint_person(image, owner, thing, whole)
        return self._developed(image), self._boxes(owner, whole)

    def _near_view(self, person: Standing) -> bool:
        x, y, depth = self.camera.project(np.array([[*person.floor, 0.5 * person.height]]))[0]
        width, height = self.camera.width, self.camera.height
        return bool(depth > 1.0 and -width < 3 * x < 4 * width and -height < y < 2 * height)

    def _store_of(self, person: Standing) -> str | None:
        for layer in self._fronts:
            assert layer.store is not None
            if inside_polygon(person.floor[None], self.plan.zones[layer.store])[0]:
                return layer.store
        return None

    def _paint_person(
        self,
        image: Image,
        owner: NDArray[np.uint16],
        person: Standing,
        whole: dict[int, tuple[tuple[float, float, float, float], int]],
    ) -> None:
        ends = np.array([[*person.floor, 0.0], [*person.floor, person.height]])
        (foot_x, foot_y, depth), (head_x, head_y, _) = self.camera.project(ends)
        self._cast_shadow(image, foot_x, foot_y, depth)
        tall = float(np.hypot(head_x - foot_x, head_y - foot_y))
        scale = self.camera.focal / depth * person.height / (_SOLE * SPRITE_HEIGHT)
        sprite = self._sprite(person, tall)
        shrunk = sprite.shape[0] / SPRITE_HEIGHT
        rows, columns = sprite.shape[:2]
        half = 0.5 * columns / shrunk * scale
        source = np.array(
            [[columns / 2, _SOLE * rows], [columns / 2, 0], [columns, _SOLE * rows]], np.float32
        )
        target = np.array([[foot_x, foot_y], [head_x, head_y], [foot_x + half, foot_y]], np.float32)
        left = int(np.floor(min(foot_x, head_x) - half)) - 2
        right = int(np.ceil(max(foot_x, head_x) + half)) + 2
        top, bottom = int(np.floor(head_y)) - 2, int(np.ceil(foot_y + 0.03 * tall)) + 2
        warp = cv2.getAffineTransform(source, target - np.array([left, top], np.float32))
        size = (right - left, bottom - top)
        patch = cv2.warpAffine(sprite, warp, size, flags=cv2.INTER_LINEAR)
        if self.tag is not None and person.number in self.tagged:
            lay_on(patch, sprite, warp, self.tag, person.height, _SOLE)
        solid = (patch[..., 3] > _OPAQUE).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(solid)
        if width == 0:
            return
        whole[person.number] = (
            (left + x, top + y, left + x + width, top + y + height),
            int(cv2.countNonZero(solid)),
        )
        _blend(image, owner, patch, left, top, person.number + 1)

    def _sprite(self, person: Standing, tall: float) -> Sprite:
        speed = float(np.linalg.norm(person.heading))
        if speed > 0.2:
            ends = np.array([[*person.floor, 0], [*(person.floor + 0.2 * person.heading), 0]])
            here, there = self.camera.project(ends)[:, 0]
            if abs(there - here) > 0.8:
                self._facing[person.number] = bool(there > here)
        rightward = self._facing.setdefault(person.number, person.number % 2 == 0)
        phase = int(person.walked / _STEP_M) % 4 if speed > 0.2 else 1
        # Halving until the cut-out is less than twice as tall as on the frame keeps it smooth.
        level = max(0, int(np.floor(np.log2(SPRITE_HEIGHT / max(tall, 4)) * 2)))
        return self._shrunk(person.number, rightward, phase, level)

    def _shrink(self, number: int, rightward: bool, phase: int, level: int) -> Sprite:
        look = self.look_of(number)
        sprite = (look.right if rightward else look.left)[phase]
        shrink = 2 ** (-level / 2)
        size = (max(2, round(sprite.shape[1] * shrink)), max(4, round(SPRITE_HEIGHT * shrink)))
        shrunk: Sprite = cv2.resize(sprite, size, interpolation=cv2.INTER_AREA)
        return shrunk

    def _cast_shadow(self, image: Image, x: float, y: float, depth: float) -> None:
        wide = 0.42 * self.camera.focal / depth
        flat = wide * 0.38
        left, top = round(x - wide), round(y - flat)
        width, height = max(2, round(2 * wide)), max(2, round(2 * flat))
        rows, columns, cut_rows, cut_columns = _overlap(image, left, top, width, height)
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return
        shade = cv2.resize(self._shadow, (width, height))[cut_rows, cut_columns]
        part = image[rows, columns]
        part[...] = (part * (1 - 0.42 * shade[..., None])).astype(np.uint8)

    def _developed(self, image: Image) -> Image:
        """Add what a sensor adds: flicker of the light, grain."""
        gain = 1 + _FLICKER * float(self.rng.standard_normal())
        lit = cv2.convertScaleAbs(image, alpha=gain)
        grain = self._noise[int(self.rng.integers(_NOISE_FRAMES))]
        developed: Image = cv2.add(lit, grain, dtype=cv2.CV_8U)
        return developed

    def _boxes(
        self,
        owner: NDArray[np.uint16],
        whole: dict[int, tuple[tuple[float, float, float, float], int]],
    ) -> list[TrueBox]:
        seen = np.bincount(owner.ravel(), minlength=max(whole, default=0) + 2)
        boxes = []
        for number, ((x0, y0, x1, y1), area) in sorted(whole.items()):
            left, right = max(x0, 0), min(x1, self.camera.width)
            top, bottom = max(y0, 0), min(y1, self.camera.height)
            if right - left < 4 or bottom - top < 8:
                continue
            visible = min(1.0, float(seen[number + 1]) / area)
            boxes.append(TrueBox(number, left, top, right - left, bottom - top, visible))
        return boxes


def _overlap(
    image: Image, left: int, top: int, width: int, height: int
) -> tuple[slice, slice, slice, slice]:
    """Rows and columns of the frame that a patch covers, and of the patch that lie within it."""
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, image.shape[1]), min(top + height, image.shape[0])
    return (
        slice(y0, max(y1, y0)),
        slice(x0, max(x1, x0)),
        slice(y0 - top, max(y1, y0) - top),
        slice(x0 - left, max(x1, x0) - left),
    )


def _blend(
    image: Image,
    owner: NDArray[np.uint16],
    patch: NDArray[np.uint8],
    left: int,
    top: int,
    number: int,
) -> None:
    """Lay a patch over the frame. Source: Porter and Duff, Compositing digital images, 1984."""
    height, width = patch.shape[:2]
    rows, columns, cut_rows, cut_columns = _overlap(image, left, top, width, height)
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return
    cut = patch[cut_rows, cut_columns]
    under = image[rows, columns]
    rest = cv2.merge([255 - cut[..., 3]] * 3)
    under[...] = cv2.add(
        cv2.multiply(under, rest, scale=1 / 255), np.ascontiguousarray(cut[..., :3])
    )
    owner[rows, columns][cut[..., 3] > _OPAQUE] = number


def _paint_layer(image: Image, layer: Layer, owner: NDArray[np.uint16] | None = None) -> None:
    if owner is None:
        owner = np.zeros(image.shape[:2], np.uint16)
    _blend(image, owner, layer.paint, layer.left, layer.top, 0)
