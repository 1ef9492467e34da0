"""Whether a row of numbers is a vector of a network, pixels, or plain figures.

Belongs here: statistics of values, whatever they were stored in. Does not belong here: finding the
numbers in bytes (`raw_bytes`), text (`text`) or columns (`columns`).

Figures of footfall are counts, seconds, shares of minutes and grid positions: never negative,
mostly small, and simple fractions. A network's components have all their digits at random, or,
quantised, lie evenly on both sides of a middle. The shape of the values is judged, not their names.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

VECTOR, PIXELS, LOW_BITS = "vector", "pixels", "low bits"
Verdict = tuple[str, float]
LEAST = 48
_WINDOW = 512
_MOST = 2_000_000
_DENOMINATOR = {4: 1000, 8: 10_000}
_EPSILON = {4: 1.2e-7, 8: 9e-16}


def judge(values: NDArray[Any], single: bool = False, *, pictures: bool = True) -> Verdict | None:
    """What a row of numbers looks like, or None for plain figures.

    Args:
        values: One dimension, any number type; what is not finite is left out.
        single: Whether the values were stored in 32 bits, and have only their digits.
        pictures: Whether whole numbers may be the shades of a picture.
    """
    single = single or (values.dtype.itemsize <= 4 and values.dtype.kind == "f")
    numbers = values[:_MOST].astype(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if numbers.size < LEAST:
        return _judge_few(numbers)
    if verdict := _judge(numbers, single, pictures):
        return verdict
    if numbers.size <= _WINDOW:
        return None
    for start in _starts(numbers):
        window = numbers[start : start + _WINDOW]
        if np.any(window != window[0]) and (verdict := _judge(window, single, pictures)):
            return verdict
    return None


def _starts(numbers: NDArray[np.float64]) -> NDArray[np.intp]:
    """Where windows begin that `_judge` may have a word on."""
    half = _WINDOW // 2
    starts = np.arange(0, numbers.size - _WINDOW + 1, half)
    if numbers.min() < 0 or not _are_eighths(numbers):
        return starts
    # Among simple fractions of one sign only shades and unsorted whole numbers can be anything.
    blocks = numbers[: numbers.size // half * half].reshape(-1, half)
    fractions = np.any(blocks % 1, axis=1)
    drops = np.any(np.diff(blocks, axis=1) < 0, axis=1)
    whole = ~(fractions[:-1] | fractions[1:]) & (drops[:-1] | drops[1:])
    shades = np.maximum(blocks[:-1].max(axis=1), blocks[1:].max(axis=1)) <= 1
    return np.asarray(starts[whole | shades])


def _judge(numbers: NDArray[np.float64], single: bool, pictures: bool = True) -> Verdict | None:
    if bool(np.all(numbers == np.round(numbers))):
        return _judge_whole(numbers, pictures)
    return _judge_real(numbers, single)


def _judge_few(numbers: NDArray[np.float64]) -> Verdict | None:
    """Too few for statistics: only numbers of both signs, all different, tell something."""
    if numbers.size < LEAST // 2 or not _is_signed(numbers) or _is_even_walk(numbers):
        return None
    wide = float(numbers.max() - numbers.min()) > 60 or bool((numbers % 1 != 0).mean() > 0.8)
    return (VECTOR, 0.4) if wide and len(np.unique(numbers)) > 0.6 * numbers.size else None


def _judge_whole(numbers: NDArray[np.float64], pictures: bool) -> Verdict | None:
    least, most = float(numbers.min()), float(numbers.max())
    if most > 2**24 or least < -(2**24):
        return _judge_bits(numbers)
    distinct = len(np.unique(numbers[:4096]))
    if distinct < 24:
        return None
    if _is_signed(numbers) and max(most, -least) <= 2**15 and not _is_even_walk(numbers):
        return VECTOR, 0.7
    if least < 0 or _is_sorted(numbers):
        return None
    return _judge_bytes_or_wider(numbers, distinct, most, pictures)


def _judge_bytes_or_wider(
    numbers: NDArray[np.float64], distinct: int, most: float, pictures: bool
) -> Verdict | None:
    if most > 260:
        return _judge_centred(numbers, distinct)
    if (
        pictures
        and most <= 255
        and numbers.size >= 512
        and distinct >= 64
        and are_pixels(numbers.astype(np.uint8))
    ):
        return PIXELS, 0.8
    return _judge_bytes(numbers, distinct)


def _judge_bytes(numbers: NDArray[np.float64], distinct: int) -> Verdict | None:
    """Quantised components: around the middle of a byte, or half of them nought and scaled."""
    if distinct < 40 or _is_even_walk(numbers):
        return None
    spread = float(numbers.std())
    skew, kurtosis = _moments(numbers)
    error = 4 * spread / np.sqrt(numbers.size)
    central = abs(float(numbers.mean()) - 128) < max(error, 6)
    if central and 15 < spread < 70 and abs(skew) < 0.5 and 1.95 < kurtosis < 4.5:
        return VECTOR, 0.5
    nought = float((numbers == 0).mean())
    rest = numbers[numbers > 0]
    scaled = float(numbers.max()) in {127.0, 254.0, 255.0}
    if scaled and 0.3 < nought < 0.7 and 0.15 < float(np.median(rest)) / numbers.max() < 0.6:
        return VECTOR, 0.4
    return None


def _judge_centred(numbers: NDArray[np.float64], distinct: int) -> Verdict | None:
    """Components in more than eight bits: a bell around the middle of a power of two."""
    if distinct < 0.6 * min(numbers.size, 4096) or _is_even_walk(numbers):
        return None
    spread, mean = float(numbers.std()), float(numbers.mean())
    skew, kurtosis = _moments(numbers)
    for bits in (10, 12, 15, 16):
        middle = 2.0 ** (bits - 1)
        central = abs(mean - middle) < 4 * spread / np.sqrt(numbers.size)
        if central and numbers.max() < 2 * middle and 0.05 * middle < spread < 0.5 * middle:
            return (VECTOR, 0.4) if abs(skew) < 0.5 and 1.95 < kurtosis < 4.5 else None
    return None


def _judge_bits(numbers: NDArray[np.float64]) -> Verdict | None:
    """Floats that are stored as the integers of their bits."""
    if numbers.min() < -(2**31) or numbers.max() >= 2**32:
        return None
    bits = (numbers.astype(np.int64) & 0xFFFFFFFF).astype(np.uint32)
    top = (bits >> 24) & 0x7F
    usual = ((top >= 0x3A) & (top <= 0x42)) | (bits == 0)
    nonzero = np.unique(bits[bits != 0])
    if usual.mean() > 0.9 and nonzero.size >= 24 and len(np.unique(nonzero & 0xFF)) >= 16:
        return VECTOR, 0.8
    return None


def _judge_real(numbers: NDArray[np.float64], single: bool) -> Verdict | None:
    if float(numbers.min()) > 1e9 and float(numbers.max()) < 4e12:
        return None  # Clocks of the machine, in seconds or milliseconds.
    if (verdict := _judge_shades(numbers)) or _is_sorted(numbers):
        return verdict
    distinct = len(np.unique(numbers[:4096]))
    fractions = float((numbers != np.round(numbers)).mean())
    small = float(np.median(np.abs(numbers))) < 1000
    if distinct >= 24 and _is_signed(numbers) and fractions > 0.4 and small:
        return _judge_signed(numbers)
    odd = ~are_simple(numbers, single)
    count = len(np.unique(numbers[odd][:4096]))
    # Either most of the values that are not nought, or very many of them.
    if count >= 24 and odd.sum() >= 0.5 * max(1, int((numbers != 0).sum())):
        if is_stepped(numbers):
            return None
        near = np.abs(numbers - np.round(numbers * 8) / 8) < 1e-3 * np.maximum(1, np.abs(numbers))
        return (LOW_BITS, 0.8) if near.mean() > 0.9 else (VECTOR, 0.7)
    return _judge_few_odd(numbers, odd)


def _judge_few_odd(numbers: NDArray[np.float64], odd: NDArray[np.bool_]) -> Verdict | None:
    """A few values that are off the grid of all the others."""
    rest = numbers[~odd]
    if 24 <= int(odd.sum()) < 0.3 * numbers.size and rest.size and is_stepped(rest):
        return LOW_BITS, 0.5
    return None


def _judge_signed(numbers: NDArray[np.float64]) -> Verdict | None:
    if not _is_even_walk(numbers):
        return VECTOR, 0.9
    # Positions on a grid go from one to the next, and a floor may lie on both sides of nought.
    return None if is_stepped(numbers) else (VECTOR, 0.4)


def _judge_shades(numbers: NDArray[np.float64]) -> Verdict | None:
    """Pixels that are scaled to the range from nought to one."""
    if numbers.size < 256 or numbers.min() < 0 or numbers.max() > 1:
        return None
    shades = numbers * 255
    whole = np.round(shades)
    if float(np.abs(shades - whole).max()) < 2e-3 and are_pixels(whole.astype(np.uint8)):
        return PIXELS, 0.8
    return None


def are_simple(numbers: NDArray[np.float64], single: bool) -> NDArray[np.bool_]:
    """Which of the numbers are fractions with a small denominator, as far as their digits tell."""
    width = 4 if single else 8
    epsilon = _EPSILON[width]
    wanted = np.abs(numbers)
    tolerance = epsilon * np.maximum(wanted, 1e-30)
    # With a larger denominator there would be a fraction near any number of so few digits.
    most = np.minimum(_DENOMINATOR[width], np.sqrt(0.1 / tolerance))
    if _are_eighths(wanted):
        return np.ones(numbers.shape, dtype=bool)
    simple = np.zeros(numbers.shape, dtype=bool)
    rest = wanted.copy()
    before, last = np.ones_like(rest), np.floor(rest)
    q_before, q_last = np.zeros_like(rest), np.ones_like(rest)
    for _ in range(14):
        simple |= (
            (q_last >= 1)
            & (q_last <= most)
            & (np.abs(wanted - last / np.maximum(q_last, 1)) <= tolerance)
        )
        if simple.all():
            break
        part = rest - np.floor(rest)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            rest = np.where(part > 1e-12, 1 / np.maximum(part, 1e-12), 0.0)
            whole = np.floor(rest)
            before, last = last, np.minimum(whole * last + before, 1e300)
            q_before, q_last = q_last, np.minimum(whole * q_last + q_before, 1e300)
    return simple


def _are_eighths(numbers: NDArray[np.float64]) -> bool:
    """Whether all lie on a grid of eighths or coarser, as most figures do, and are not large.

    Such numbers are simple in 32 bits too.
    """
    return bool(np.abs(numbers).max(initial=0) <= 10_000 and not (numbers * 8 % 1).any())


def _is_signed(numbers: NDArray[np.float64]) -> bool:
    return float((numbers < 0).mean()) > 0.12 and float((numbers > 0).mean()) > 0.12


def _is_sorted(numbers: NDArray[np.float64]) -> bool:
    steps = np.diff(numbers)
    return float((steps >= 0).mean()) > 0.97 or float((steps <= 0).mean()) > 0.97


def _is_even_walk(numbers: NDArray[np.float64]) -> bool:
    """Whether each number is close to the one before, as of something that moves or is sorted."""
    spread = float(numbers.var())
    return spread == 0 or float((np.diff(numbers) ** 2).mean()) / (2 * spread) < 0.3


def is_stepped(numbers: NDArray[np.float64]) -> bool:
    """Whether the numbers are whole multiples of one step from their least, as drawn counts are."""
    levels = np.unique(np.round(numbers, 9))
    if levels.size < 2 or levels.size > 2000:
        return False
    gaps = np.diff(levels)
    step = float(gaps[gaps > 1e-6].min()) if bool((gaps > 1e-6).any()) else 0.0
    if step <= 0:
        return False
    span = float(levels[-1] - levels[0])
    for part in (1, 2, 3, 4):
        multiples = (levels - levels[0]) / (step / part)
        off = np.abs(multiples - np.round(multiples))
        if float(off.max()) < 0.02 and span / (step / part) < 20 * levels.size + 100:
            return True
    return False


def _moments(numbers: NDArray[np.float64]) -> tuple[float, float]:
    centred = (numbers - numbers.mean()) / max(float(numbers.std()), 1e-12)
    return float((centred**3).mean()), float((centred**4).mean())


def are_pixels(levels: NDArray[np.uint8]) -> bool:
    """Whether bytes are as smooth as a picture is, in one plane or several interleaved.

    Each plane must vary, so that numbers of several bytes, whose upper ones stand still, are none.
    """
    if levels.size < 256:
        return False
    shades = levels.astype(np.float64)
    for planes in (1, 3, 4):
        count = levels.size // planes
        image = shades[: count * planes].reshape(count, planes)
        spread = image.var(axis=0)
        varied = [len(np.unique(image[:, plane])) for plane in range(min(3, planes))]
        if min(varied) < 24 or float(spread[:3].min()) < 60:
            continue
        rough = (np.diff(image[:, :3], axis=0) ** 2).mean(axis=0) / (2 * spread[:3])
        straight = (np.diff(image[:, :3], n=2, axis=0) == 0).mean()
        if float(rough.max()) < 0.25 and straight < 0.6 and _is_smooth_nearby(image[:, 0]):
            return True
    return False


def _is_smooth_nearby(shades: NDArray[np.float64]) -> bool:
    """Whether neighbours are alike within short stretches too, not only group by group."""
    pieces = shades[: shades.size // 64 * 64].reshape(-1, 64)
    spread = pieces.var(axis=1)
    pieces = pieces[spread > 4]
    if pieces.shape[0] == 0:
        return False
    rough = (np.diff(pieces, axis=1) ** 2).mean(axis=1) / (2 * pieces.var(axis=1))
    return float(np.median(rough)) < 0.5
