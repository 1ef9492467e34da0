"""What can befall the view of a camera, done to frames in memory.

Belongs here: frames of simulated cameras, one a second, and what changes them. Does not belong
here: what is said of them (`test_scene`).
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tests.unit.vision.simulated import arcade
from vision.protocols import Frame, Image
from vision.simulate.api import simulate

Change = Callable[[Image], Image]
SIZE = (320, 180)
START_US = round(dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC).timestamp() * 1e6)


def film(out: Path, minutes: float = 1.5) -> dict[str, list[Image]]:
    """Frames of the busy arcade, one a second, by camera."""
    made = simulate(
        arcade(), out, minutes=minutes, people_per_minute=25, fps=1, size=SIZE, processes=1
    )
    return {
        camera: [image for name in names for image in decoded(made.out / name)]
        for camera, names in made.files.items()
    }


def decoded(path: Path, every: int = 1) -> Iterator[Image]:
    """Every so many frames of a file, each image."""
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                yield frame.to_ndarray(format="bgr24")


def lasting(images: Sequence[Image], count: int) -> list[Image]:
    """So many images: forwards, backwards and so on, as there is no jump in that."""
    there_and_back = [*images, *reversed(images)]
    return [there_and_back[number % len(there_and_back)] for number in range(count)]


def frames(images: Iterable[Image], step_s: float = 1.0) -> Iterator[Frame]:
    """Frames that were taken one after the other."""
    for number, image in enumerate(images):
        yield Frame(START_US + round(number * step_s * 1e6), image)


def displaced(x: float = 0, y: float = 0, turn: float = 0, scale: float = 1) -> Change:
    """The camera is moved: by shares of the frame's width, degrees, and a factor."""

    def change(image: Image) -> Image:
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, scale)
        matrix[:, 2] += (x * width, y * width)
        return np.asarray(
            cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8
        )

    return change


def dimmed(share: float, noise: float = 1.5) -> Change:
    """So much of the light, and a sensor's grain."""
    rng = np.random.default_rng(1)
    return lambda image: _levels(image * share + rng.normal(0, noise, image.shape))


def lit(light: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]) -> Change:
    """Lamps: a gain that depends on where in the frame, each axis from 0 to 1."""

    def change(image: Image) -> Image:
        height, width = image.shape[:2]
        down, across = np.mgrid[:height, :width]
        return _levels(image * light(across / width, down / height)[..., None])

    return change


def lamps(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Only some lamps are on."""
    places = ((0.2, 0.3), (0.5, 0.5), (0.8, 0.7), (0.7, 0.2))
    spots = [np.exp(-(((x - a) / 0.12) ** 2) - ((y - b) / 0.15) ** 2) for a, b in places]
    return 0.2 + 1.2 * np.sum(spots, axis=0)


def sun(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Patches of sun, with hard edges, through a row of windows."""
    return 1 + 1.2 * ((y > 0.3) & ((x - 0.3 * y) % 0.15 < 0.08))


def infrared(image: Image) -> Image:
    """A grey picture in which clothes and walls have other tones, brighter near the lamp."""
    height, width = image.shape[:2]
    down, across = np.mgrid[:height, :width]
    lamp = 0.3 + 1.2 * np.exp(-(((across / width - 0.5) / 0.4) ** 2) - (down / height - 0.5) ** 2)
    grey = _levels((image[..., 0] * 0.3 + (255 - image[..., 2]) * 0.5) * lamp)
    return np.dstack([grey] * 3)


def crowded(seed: int) -> Change:
    """A crowd that fills the view, elsewhere in each frame."""
    rng = np.random.default_rng(seed)

    def change(image: Image) -> Image:
        height, width = image.shape[:2]
        full = image.copy()
        for _ in range(120):
            x, y = int(rng.integers(0, width)), int(rng.integers(height // 5, height))
            clothes = [int(part) for part in rng.integers(0, 255, 3)]
            tall = 0.3 * height
            cv2.ellipse(full, (x, y), (int(0.18 * tall), int(tall / 2)), 0, 0, 360, clothes, -1)
            cv2.circle(full, (x, int(y - tall / 2)), int(0.1 * tall), (90, 110, 150), -1)
        return full

    return change


def close(image: Image) -> Image:
    """Somebody stands close to the camera, and hides two fifths of the view."""
    height, width = image.shape[:2]
    hidden = image.copy()
    size = (int(0.35 * width), int(0.95 * height))
    cv2.ellipse(hidden, (width // 2, height), size, 0, 0, 360, (40, 40, 60), -1)
    return hidden


def hand(image: Image) -> Image:
    """A hand over the lens, light shining through."""
    height, width = image.shape[:2]
    down, across = np.mgrid[:height, :width]
    skin = np.dstack([70 + 40 * across / width, 80 + 30 * down / height, 120 + 50 * across / width])
    return _levels(skin + np.random.default_rng(2).normal(0, 2, image.shape))


def out_of_focus(image: Image) -> Image:
    """Everything blurred over a fortieth of the frame's width."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), image.shape[1] / 40), np.uint8)


def dated(image: Image) -> Image:
    """What a recorder writes into the picture."""
    written = image.copy()
    cv2.rectangle(written, (2, 2), (92, 14), (0, 0, 0), -1)
    cv2.putText(written, "2026-03-14", (4, 12), cv2.FONT_HERSHEY_PLAIN, 0.9, (255, 255, 255))
    return written


def _levels(image: NDArray[np.float64]) -> Image:
    return np.clip(image, 0, 255).astype(np.uint8)
