"""Numbers in bytes that have other bytes between them, or whose bytes lie apart from each other.

Belongs here: floats behind the tags of a serializer, floats taken apart by their bytes, bytes that
were widened. Does not belong here: plain arrays (`raw_bytes`).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_HEADS = np.zeros(256, dtype=bool)
_HEADS[[*range(0x3A, 0x43), *range(0xBA, 0xC3)]] = True
_STRIDES = (5, 6, 7, *range(9, 21))
_LENGTH = 32
_PLANE = 64
_CONSTANT = 0.9
_LARGEST = 2**17


def has_floats(block: NDArray[np.uint8]) -> bool:
    """Whether floats of usual size stand at equal distances, a tag or a name between them."""
    heads = _HEADS[block]
    if float(heads.mean()) < 0.04 and block.size < 2 * _PLANE * 16:
        return False
    for stride in _STRIDES:
        rows = block.size // (stride * _LENGTH)
        if rows == 0:
            continue
        shown = heads[: rows * stride * _LENGTH].reshape(rows, _LENGTH, stride).sum(axis=1)
        for row, phase in np.argwhere(shown >= 0.88 * _LENGTH)[:50]:
            start = row * stride * _LENGTH + phase
            window = block[start : start + stride * _LENGTH : stride]
            if _is_signed(window) and _beside(block, start, stride):
                return True
    return False


def _beside(block: NDArray[np.uint8], start: int, stride: int) -> bool:
    """Whether the second byte of each number, in either order, is random."""
    for step in (2, -2):
        digits = block[max(0, start + step) : start + step + stride * _LENGTH : stride]
        if digits.size >= _LENGTH - 1 and len(np.unique(digits)) >= 0.7 * digits.size:
            return True
    return False


def has_plane(block: NDArray[np.uint8]) -> bool:
    """Whether the first bytes of many floats stand side by side, the others elsewhere."""
    heads = _HEADS[block]
    if block.size < _PLANE or float(heads.mean()) < _PLANE / (2 * block.size):
        return False
    total = np.concatenate([[0], np.cumsum(heads)])
    starts = np.flatnonzero(total[_PLANE:] - total[:-_PLANE] >= 0.97 * _PLANE)
    return any(_is_signed(block[start : start + _PLANE]) for start in starts[:200])


def narrowed(block: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What remains of numbers of several bytes without those bytes that hardly ever change."""
    for width in (8, 4, 2):
        planes = block[: block.size // width * width].reshape(-1, width)
        if planes.shape[0] < _PLANE:
            continue
        common = np.array([np.bincount(plane).max() for plane in planes.T]) / planes.shape[0]
        kept = common < _CONSTANT
        if kept.any() and not kept.all():
            return np.ascontiguousarray(planes[:, kept]).reshape(-1)
    return block[:0]


def levels(block: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """The bytes as numbers of several bytes, as sums of differences; all scaled to one byte."""
    for form in ("<u2", ">u2", "<f4", ">f4", "<f8", "<f2"):
        stored = np.frombuffer(block[: block.size // 8 * 8].tobytes(), dtype=np.dtype(form))
        with np.errstate(invalid="ignore"):
            numbers = stored.astype(np.float64)
        if not np.isfinite(numbers).all() or np.abs(numbers).max(initial=0) > _LARGEST:
            continue
        span = float(np.ptp(numbers)) if numbers.size else 0.0
        if span > 1e-6:
            yield np.round((numbers - numbers.min()) * (255 / span)).astype(np.uint8)
    steps = block[block != 0]
    if steps.size > 0.3 * block.size and 0.3 < float((steps >= 0x80).mean()) < 0.7:
        for count in (1, 3):
            rows = block[: block.size // count * count].reshape(-1, count)
            yield np.cumsum(rows, axis=0, dtype=np.uint8).reshape(-1)


def has_signed_integers(block: NDArray[np.uint8]) -> bool:
    """Whether integers of several bytes stand on both sides of nought, their last digits random."""
    for width in (2, 4, 8):
        words = block[: block.size // width * width].reshape(-1, width)
        if words.shape[0] < _PLANE:
            continue
        for top, low in ((width - 1, 0), (0, width - 1)):
            sign = words[:, top]
            extended = float(((sign == 0) | (sign == 255)).mean())
            negative = float((sign == 255).mean())
            random = len(np.unique(words[:256, low])) >= 0.5 * min(256, words.shape[0])
            if extended > 0.97 and 0.2 < negative < 0.8 and random:
                return True
    return False


def planes(block: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Each second and each fourth byte by itself."""
    for width in (2, 4):
        for phase in range(width):
            yield np.ascontiguousarray(block[phase::width])


def _is_signed(heads: NDArray[np.uint8]) -> bool:
    """Whether the first bytes are of numbers of both signs, and of several sizes."""
    return 0.12 < float((heads >= 0x80).mean()) < 0.88 and (
        len(np.unique(heads)) >= 4 or bool(((heads & 0x7F) == 0x3F).mean() > 0.9)
    )
