"""What of a view stays where it is: edges of the background, in small grey pictures.

Belongs here: shrinking a frame, its gradients, and how two fields of them agree, cell by cell. Does
not belong here: whether a camera was moved (`vision.reference`, `vision.scene`). Pictures live in
memory, and only until they are added up.

A gradient has a direction, which neither gain nor daylight changes, and a place, which a camera
that is moved does. Fields are compared in cells, since people hide some of them and a moved camera
changes nearly all.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.protocols import Image

WIDTH = 160
"""Of the small picture, pixels."""
_CELLS_ACROSS = 10
_FAINT = 0.5
"""Root mean square of gradients, grey levels a pixel, that is no more than noise."""
_NEARBY_PX = 15
_FINE_PX = 5
_COLOUR_EVERY_PX = 8

Field = NDArray[np.complex64]
"""(height, WIDTH) gradients, grey levels a pixel: along x the real part, along y the imaginary."""
Grey = NDArray[np.float32]
"""(height, WIDTH) grey levels."""
Cells = NDArray[np.float32]
"""(rows, columns) a figure for each cell, which are about square."""
Chosen = NDArray[np.bool_]
"""(rows, columns) some of the cells."""


def thumbnail(image: Image) -> tuple[Grey, float]:
    """The frame made small, and how coloured it is.

    Two pixels of the frame in each direction stand for one: averaging all of a large frame would
    take longer than everything else together.

    Returns:
        Grey levels, and by how many levels colour channels differ from them on average: nearly 0
        under infrared light.
    """
    height = max(2, round(WIDTH * image.shape[0] / image.shape[1]))
    few = cv2.resize(image, (2 * WIDTH, 2 * height), interpolation=cv2.INTER_NEAREST)
    small = cv2.resize(few, (WIDTH, height), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    some = small[::_COLOUR_EVERY_PX, ::_COLOUR_EVERY_PX].astype(np.float32)
    coloured = float(np.abs(some - some.mean(axis=2, keepdims=True)).mean())
    return grey.astype(np.float32), coloured


def gradients(grey: Grey) -> Field:
    """The gradients of a picture, slightly smoothed."""
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    field = np.empty(grey.shape, np.complex64)
    field.real = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    field.imag = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    return field


def strength(field: Field) -> Cells:
    """Root mean square of the gradients in each cell, grey levels a pixel."""
    return np.sqrt(np.maximum(_by_cell(_square(field)), 0))


def detail(field: Field) -> Cells:
    """The same of what is finer than a few pixels: what blurring takes away first."""
    return strength(field - _smoothed(field))


def agreement(one: Field, other: Field) -> Cells:
    """Correlation of two fields in each cell, -1 to 1; 0 where one of them has no structure.

    Neither gain nor contrast changes it.
    """
    shared = _by_cell(one.real * other.real + one.imag * other.imag)
    first, second = strength(one), strength(other)
    known = np.minimum(first, second) > _FAINT / 4
    return np.where(known, shared / np.maximum(first * second, 1e-6), 0).astype(np.float32)


def shows(cells: Cells) -> Chosen:
    """Which cells have more than noise, by `strength` or `detail`."""
    return cells > _FAINT


def evened(field: Field) -> Field:
    """The field with gradients about as strong everywhere, so that no sign outshouts a wall."""
    nearby = cv2.blur(_square(field), (_NEARBY_PX, _NEARBY_PX))
    return np.asarray(field / (np.sqrt(np.maximum(nearby, 0)) + _FAINT), np.complex64)


def spectrum(field: Field) -> Field:
    """Of the evened field, for `correlation`."""
    return _transformed(evened(field), 0)


def correlation(one: Field, other: Field) -> NDArray[np.float32]:
    """How well two fields agree at each shift of the one against the other, from their spectra.

    Returns:
        (height, width); entry (y, x) is of the first lying y pixels below and x right of the
        second, with negative shifts at the ends, as Fourier transforms have them.
    """
    back = _transformed(one * np.conj(other), cv2.DFT_INVERSE | cv2.DFT_SCALE)
    return np.asarray(back.real / one.size, np.float32)


def moved(field: Field, x: int, y: int) -> Field:
    """The field `x` pixels to the right and `y` down; 0 where nothing is known."""
    height, width = field.shape
    there = np.zeros_like(field)
    there[max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)] = field[
        max(0, -y) : height + min(0, -y), max(0, -x) : width + min(0, -x)
    ]
    return there


def turned(field: Field, degrees: float, scale: float) -> Field:
    """The field of the picture turned anticlockwise about its middle, and enlarged."""
    height, width = field.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, scale)
    # Along y, rows count downwards: to turn anticlockwise is to turn gradients the other way.
    direction = np.exp(-1j * np.radians(degrees))
    parts = [cv2.warpAffine(part, matrix, (width, height)) for part in (field.real, field.imag)]
    return np.asarray((parts[0] + 1j * parts[1]) * direction, np.complex64)


def _transformed(field: Field, flags: int) -> Field:
    # Four times faster than numpy's, which matters beside decoding.
    pairs = np.ascontiguousarray(field).view(np.float32).reshape(*field.shape, 2)
    found = np.asarray(cv2.dft(pairs, flags=flags), np.float32)
    return np.asarray(found.view(np.complex64)[..., 0], np.complex64)


def _square(field: Field) -> Grey:
    return np.asarray(field.real**2 + field.imag**2, np.float32)


def _smoothed(field: Field) -> Field:
    size = (_FINE_PX, _FINE_PX)
    return np.asarray(cv2.blur(field.real, size) + 1j * cv2.blur(field.imag, size), np.complex64)


def _by_cell(values: NDArray[np.float32]) -> Cells:
    rows = max(1, round(_CELLS_ACROSS * values.shape[0] / values.shape[1]))
    cells = cv2.resize(values, (_CELLS_ACROSS, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(cells, np.float32)
