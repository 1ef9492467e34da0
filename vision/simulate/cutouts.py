"""Cut-outs of real people, made in memory from the photographs inside the ultralytics package.

Belongs here: finding the people, their mattes, their wardrobe. Nothing here is written to disk.
Does not belong here: placing them in a frame (`vision.simulate.render`).
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Sprite = NDArray[np.uint8]
"""(height, width, 4) blue, green, red and alpha, the colours already multiplied by alpha."""

SPRITE_HEIGHT = 288
"""Height of a cut-out from the soles to the top of the head, pixels."""

_STRIDES = (0.72, 0.9, 1.06, 0.9)
"""How wide the legs stand over one step; a photograph walks by its legs' width."""


@dataclass(frozen=True, slots=True)
class _Person:
    """Where a person stands in a photograph; the photograph is `picture` in ultralytics' assets.

    Attributes:
        picture: File name.
        box: x_min, y_min, x_max, y_max, pixels.
        sure: Discs that certainly belong to the person: x, y, radius.
        never: Boxes that certainly do not.
    """

    picture: str
    box: tuple[int, int, int, int]
    sure: tuple[tuple[int, int, int], ...]
    never: tuple[tuple[int, int, int, int], ...] = ()


_PEOPLE = (
    _Person(
        "bus.jpg",
        (48, 398, 246, 902),
        (
            (133, 435, 22),
            (125, 520, 35),
            (120, 600, 45),
            (125, 660, 40),
            (92, 750, 18),
            (160, 750, 18),
            (75, 830, 12),
            (180, 830, 12),
            (75, 880, 9),
            (205, 880, 12),
            (80, 680, 15),
            (165, 680, 15),
        ),
        (
            (120, 722, 136, 760),
            (118, 740, 140, 830),
            (125, 830, 165, 902),
            (201, 500, 246, 600),
            (195, 600, 246, 840),
            (48, 735, 70, 815),
        ),
    ),
    _Person(
        "bus.jpg",
        (224, 404, 345, 862),
        (
            (285, 440, 18),
            (290, 500, 14),
            (265, 540, 20),
            (310, 545, 20),
            (290, 600, 40),
            (255, 660, 18),
            (320, 660, 14),
            (270, 740, 18),
            (310, 710, 14),
            (268, 800, 10),
            (272, 842, 10),
            (286, 800, 5),
        ),
        (
            (300, 770, 345, 862),
            (224, 770, 245, 862),
            (224, 404, 263, 500),
            (333, 580, 345, 700),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Look:
    """How one simulated person appears: a cut-out for each phase of a step, both ways round.

    Attributes:
        right: Cut-outs when walking to the right of the frame.
        left: When walking to the left.
        sole: Distance of the soles from the lower edge of a cut-out, as a share of its height.
    """

    right: tuple[Sprite, ...]
    left: tuple[Sprite, ...]


def look(rng: Generator) -> Look:
    """Dress one of the people of the photographs anew, at random."""
    people = photographed_people()
    base = people[int(rng.integers(len(people)))]
    dressed = _stretched(_dressed(rng, base), float(rng.uniform(0.88, 1.1)))
    phases = tuple(_stride(dressed, width) for width in _STRIDES)
    mirrored = tuple(np.ascontiguousarray(phase[:, ::-1]) for phase in phases)
    # The photographs show people who walk to the left of the picture, or face it.
    return Look(right=mirrored, left=phases)


@lru_cache(maxsize=1)
def photographed_people() -> tuple[Sprite, ...]:
    """The people that the photographs show from head to foot, cut out once per process."""
    assets = _pictures()
    sprites = []
    for person in _PEOPLE:
        picture = cv2.imread(str(assets / person.picture))
        if picture is None:
            raise FileNotFoundError(
                f"{person.picture} is missing from the installed ultralytics package; reinstall it"
            )
        sprites.append(_cut_out(picture, person))
    return tuple(sprites)


def _pictures() -> Path:
    # Found without an import: ultralytics brings torch, which takes seconds.
    spec = find_spec("ultralytics")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the ultralytics package is not installed; install it")
    return Path(spec.origin).parent / "assets"


def _cut_out(picture: NDArray[np.uint8], person: _Person) -> Sprite:
    """Separate a person from the background. Source: Rother et al., GrabCut, SIGGRAPH 2004."""
    x0, y0, x1, y1 = person.box
    margin = 24
    left, top = max(x0 - margin, 0), max(y0 - margin, 0)
    crop = picture[top : y1 + margin, left : x1 + margin]
    mask = np.full(crop.shape[:2], cv2.GC_BGD, np.uint8)
    mask[y0 - top : y1 - top, x0 - left : x1 - left] = cv2.GC_PR_FGD
    for ax, ay, bx, by in person.never:
        mask[ay - top : by - top, ax - left : bx - left] = cv2.GC_BGD
    for x, y, radius in person.sure:
        cv2.circle(mask, (x - left, y - top), radius, cv2.GC_FGD, -1)
    cv2.setRNGSeed(1)
    cv2.grabCut(crop, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    matte = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    matte = cv2.morphologyEx(matte, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(matte)
    if count > 1:
        matte = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    matte = cv2.morphologyEx(matte, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    alpha = cv2.GaussianBlur(matte * np.float32(255), (0, 0), 1.2)
    columns, rows = np.flatnonzero(matte.any(axis=0)), np.flatnonzero(matte.any(axis=1))
    window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    cut = np.dstack([crop[window], np.clip(alpha, 0, 255).astype(np.uint8)[window]])
    width = max(1, round(cut.shape[1] * SPRITE_HEIGHT / cut.shape[0]))
    size = (width, SPRITE_HEIGHT)
    sprite: Sprite = cv2.resize(_premultiplied(cut), size, interpolation=cv2.INTER_AREA)
    return sprite


def _premultiplied(image: NDArray[np.uint8]) -> Sprite:
    share = image[..., 3:].astype(np.float32) / 255
    result = image.copy()
    result[..., :3] = (image[..., :3] * share + 0.5).astype(np.uint8)
    return result


def _dressed(rng: Generator, sprite: Sprite) -> Sprite:
    """Dye the clothes above and below the hips; skin keeps its colour."""
    result = sprite.astype(np.float32)
    blue, green, red, alpha = np.split(result, 4, axis=2)
    del blue
    skin = (red - green > 30) & (red > 90)
    rows = np.arange(sprite.shape[0], dtype=np.float32)[:, None, None] / sprite.shape[0]
    for low, high, palest in ((0.17, 0.56, 255), (0.56, 0.93, 150)):
        if rng.random() < 0.2:
            continue
        weight = np.clip((rows - low) / 0.02, 0, 1) * np.clip((high - rows) / 0.02, 0, 1) * ~skin
        tone = (int(rng.integers(180)), int(rng.integers(10, 120)), int(rng.integers(60, palest)))
        dye = cv2.cvtColor(np.array([[tone]], np.uint8), cv2.COLOR_HSV2BGR)[0, 0] / np.float32(255)
        grey = result[..., :3].mean(axis=2, keepdims=True)
        # Dark cloth takes no dye, so it is lifted first; folds stay visible.
        bright = float((grey * weight).sum() / max(float((alpha * weight).sum()), 1))
        cloth = grey * 0.6 / max(bright, 0.25)
        cloth += alpha * max(0.0, 0.5 - bright) * 0.7
        result[..., :3] = result[..., :3] * (1 - weight) + np.minimum(cloth, alpha) * dye * weight
    result[..., :3] = np.minimum(result[..., :3] * float(rng.uniform(0.8, 1.1)), alpha)
    dressed: Sprite = result.astype(np.uint8)
    return dressed


def _stretched(sprite: Sprite, factor: float) -> Sprite:
    size = (max(1, round(sprite.shape[1] * factor)), sprite.shape[0])
    stretched: Sprite = cv2.resize(sprite, size, interpolation=cv2.INTER_LINEAR)
    return stretched


def _stride(sprite: Sprite, width: float) -> Sprite:
    """Squeeze or spread the legs about the middle of the body, more towards the feet."""
    height, columns = sprite.shape[:2]
    alpha = sprite[int(0.35 * height) : int(0.55 * height), :, 3].astype(np.float64)
    middle = float((alpha.sum(axis=0) * np.arange(columns)).sum() / max(alpha.sum(), 1))
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(height, dtype=np.float32))
    share = np.clip((y / height - 0.5) / 0.4, 0, 1)
    scale = 1 + (width - 1) * share
    from_x = (middle + (x - middle) / scale).astype(np.float32)
    strode: Sprite = cv2.remap(sprite, from_x, y, cv2.INTER_LINEAR)
    return strode
