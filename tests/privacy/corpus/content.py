"""What is smuggled: crops of people in a real photograph, and vectors as networks give them.

Belongs here: pixels and numbers, and the ways in which they are usually encoded. Does not belong
here: where they are put.
"""

import importlib.util
import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FACE, _PROFILE, _BODY = (850, 50, 1150, 400), (330, 180, 620, 520), (50, 400, 245, 905)


@cache
def _photograph(name: str) -> Any:
    from PIL import Image

    found = importlib.util.find_spec("ultralytics")
    assert found is not None
    assert found.origin is not None
    return Image.open(Path(found.origin).parent / "assets" / name).convert("RGB")


def face(width: int = 96, height: int = 112) -> Any:
    """A face, as a PIL image."""
    return _photograph("zidane.jpg").crop(_FACE).resize((width, height))


def profile(width: int = 96, height: int = 112) -> Any:
    """Another face, from the side."""
    return _photograph("zidane.jpg").crop(_PROFILE).resize((width, height))


def body(width: int = 64, height: int = 160) -> Any:
    """A whole person, in the shape of a re-identification crop."""
    return _photograph("bus.jpg").crop(_BODY).resize((width, height))


def pixels(image: Any) -> NDArray[np.uint8]:
    """(height, width, 3) or (height, width)."""
    return np.asarray(image, dtype=np.uint8)


def picture(image: Any, form: str, **options: Any) -> bytes:
    """The image as a file of the format `form`, as Pillow names it."""
    buffer = io.BytesIO()
    image.save(buffer, format=form, **options)
    return buffer.getvalue()


def embedding(size: int = 128, seed: int = 7) -> NDArray[np.float32]:
    """A vector of length one with components on both sides of zero, as of a face."""
    vector = np.random.default_rng(seed).normal(size=size)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def features(size: int = 256, seed: int = 11) -> NDArray[np.float32]:
    """A vector without negative components, about half of them zero, as of a body."""
    vector = np.maximum(np.random.default_rng(seed).normal(size=size), 0)
    unit: NDArray[np.float32] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


def quantised(vector: NDArray[np.float32]) -> NDArray[np.int8]:
    """The vector in eight bits a component, scaled to use them."""
    scaled: NDArray[np.int8] = np.round(vector / np.abs(vector).max() * 127).astype(np.int8)
    return scaled


def half(vector: NDArray[np.float32]) -> NDArray[np.float16]:
    """The vector in sixteen bits a component."""
    return vector.astype(np.float16)
