"""Vectors and pixels in bytes that no reader explains.

Belongs here: telling floats, halves, quantised components, pixels and sealed bytes from whatever
else a file holds, at any alignment. Does not belong here: containers (`content`), text (`text`).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from footfall_dagster.privacy.search import strides
from footfall_dagster.privacy.search.numbers import PIXELS, VECTOR, are_pixels, judge

OPAQUE = "opaque bytes"
_FLOATS, _HALVES = np.zeros(256, dtype=bool), np.zeros(256, dtype=bool)
_FLOATS[[*range(0x3A, 0x43), *range(0xBA, 0xC3)]] = True
_HALVES[[*range(0x1C, 0x3D), *range(0x9C, 0xBD)]] = True
_LEAST_USUAL, _LEAST_USUAL_OF_MANY = 0.3, 0.12
"""Share of a window that is not nought; a longer one tells as much with less."""
_NEAR = 12
_SHOWN = np.isin(np.arange(256), [*range(0x20, 0x7F), 0x09, 0x0A, 0x0D])
_PART = 128
_GATHER = np.uint64(0x0101010101010101)
_WINDOW = 1024
_LEAST_OPAQUE = 384
_DENSE_BITS = 7.3
_MOST_JUDGED = 2**16
_LEAST_DENSE, _SOMEWHAT_DENSE_BITS, _MOST_SHOWN = 192, 5.8, 0.7
_BLOCK = 2**22


def look(content: bytes, sealed: bool = True, only_floats: bool = False) -> dict[str, float]:
    """Kinds of what `content` may hold, and how sure one can be.

    Args:
        content: Bytes that are not text.
        sealed: Whether bytes without any structure are themselves remarkable.
        only_floats: Whether the rest is a reader's to explain.
    """
    found: dict[str, float] = {}
    if only_floats:
        content = _dense_parts(content)
    for start in range(0, max(len(content), 1), _BLOCK):
        block = np.frombuffer(content[start : start + _BLOCK + _WINDOW], dtype=np.uint8)
        if block.size < 64 or not block.any():
            continue
        if _floats(block) or _doubles(block, opened=only_floats) or _halves(block):
            found[VECTOR] = 0.9
        elif not only_floats and (_eighths(block) or _is_spread(block)):
            found[VECTOR] = 0.6
        if not only_floats and _pixels(block):
            found[PIXELS] = 0.7
        if sealed and not found:
            found |= _look_closely(block)
    return found


def without(content: bytes, doubles: NDArray[np.float64]) -> bytes:
    """Bytes of a file with nought in place of each of the doubles, wherever it stands."""
    known = doubles[doubles != 0].view(np.uint64)
    if not known.size:
        return content
    likely = np.zeros(2**16, dtype=bool)
    likely[known >> np.uint64(48)] = True
    whole = np.frombuffer(content, dtype=np.uint8).copy()
    for offset in range(8):
        words = whole[offset : offset + (whole.size - offset) // 8 * 8].view(np.uint64)
        places = np.flatnonzero(likely[words >> np.uint64(48)])
        words[places[np.isin(words[places], known)]] = 0
    return whole.tobytes()


def _dense_parts(content: bytes) -> bytes:
    """Bytes of a container without long stretches of text, or of nought.

    Its reader will have looked into texts. What is left out lies between blocks that hold none of
    a float, so that no row of them is torn, and is a whole number of words long, so that none
    moves.
    """
    whole = np.frombuffer(content, dtype=np.uint8)
    blocks = whole[: whole.size // _PART * _PART].reshape(-1, _PART)
    kept = np.asarray(blocks.any(axis=1) & ~_SHOWN[blocks].all(axis=1))
    near = kept.copy()
    near[1:] |= kept[:-1]
    near[:-1] |= kept[1:]
    return blocks[near].tobytes() + content[blocks.size :]


def _is_spread(block: NDArray[np.uint8]) -> bool:
    return strides.has_floats(block) or strides.has_plane(block)


def _look_closely(block: NDArray[np.uint8]) -> dict[str, float]:
    """What may be in bytes that no reader explains and that hold nothing plain."""
    narrow = strides.narrowed(block)
    shades = (*strides.planes(block), *strides.levels(block), narrow)
    if any(map(_pixels, shades)):
        return {PIXELS: 0.5}
    if strides.has_signed_integers(block) or _eighths(narrow):
        return {VECTOR: 0.5}
    if _is_sealed(block):
        return {OPAQUE: 0.5}
    verdict = None if _is_text(block) else judge(block[:_MOST_JUDGED])
    if verdict:
        return {verdict[0]: verdict[1]}
    return {OPAQUE: 0.4} if _is_dense(block) or _is_dense(narrow) else {}


def _windows(
    usual: NDArray[np.bool_], nought: NDArray[np.bool_], sizes: tuple[int, ...]
) -> Iterator[slice]:
    """Windows in which nearly all words are usual, or nought between them.

    Args:
        usual: Whether each word may be a component.
        nought: Whether it is nought.
        sizes: Of a window, in words, and of a longer one for vectors most of whose components are
            nought; multiples of eight.
    """
    if np.count_nonzero(usual) < _LEAST_USUAL * sizes[0]:
        return
    # Most places of most files end here: no eight words in a row are floats.
    if usual.size < sizes[0] or not (_by_eights(usual | nought) >= 7).any():
        return
    eights = _by_eights(usual | _between(nought)).astype(np.int32)
    total = np.concatenate([[0], np.cumsum(eights)])
    some = np.concatenate([[0], np.cumsum(usual)])
    for size, least in zip(sizes, (_LEAST_USUAL, _LEAST_USUAL_OF_MANY), strict=False):
        starts = np.flatnonzero(total[size // 8 :] - total[: -(size // 8)] >= 0.88 * size) * 8
        enough = some[starts + size] - some[starts] >= least * size
        for start in starts[enough][:400]:
            window = slice(int(start), int(start) + size)
            if least == _LEAST_USUAL or _is_mixed(usual[window]):
                yield window


def _is_mixed(usual: NDArray[np.bool_]) -> bool:
    """Whether usual words stand at even and at odd places.

    Of integers in wider words, one of two or of four of ours tells something.
    """
    return 0.15 < float(usual[::2].sum() / usual.sum()) < 0.85


def _by_eights(flags: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """How many of each eight flags are set."""
    # Multiplying gathers the bytes of a word in its highest.
    return (flags[: flags.size // 8 * 8].view(np.uint64) * _GATHER) >> np.uint64(56)


def _between(nought: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which noughts follow something else closely.

    A component that a network left at nought has others near it. What fills up a page goes on for
    longer, or the end of a row and the empty rest of its page would be a vector together.
    """
    at = np.arange(nought.size, dtype=np.int32)
    last = np.maximum.accumulate(np.where(nought, np.int32(-_NEAR - 1), at))
    return np.asarray(nought & (at - last <= _NEAR))


def _floats(block: NDArray[np.uint8]) -> bool:
    """Single floats of usual size with digits at random; nought may stand between them."""
    for offset in range(4):
        words = block[offset : offset + (block.size - offset) // 4 * 4].view(np.uint32)
        nought = words == 0
        for top, digits in ((24, (8, 16)), (0, (16, 8))):
            usual = _FLOATS[(words >> top).astype(np.uint8)]
            for window in _windows(usual, nought, (32, 96)):
                chosen = words[window][usual[window]]
                if all(_are_random((chosen >> shift).astype(np.uint8)) for shift in digits):
                    return True
    return False


def _doubles(block: NDArray[np.uint8], opened: bool = False) -> bool:
    """Doubles with digits at random; in what a reader has opened, as many as a vector has."""
    for offset in range(8):
        words = block[offset : offset + (block.size - offset) // 8 * 8].view(np.uint64)
        nought = words == 0
        for top, digits in ((56, (40, 32)), (0, (16, 24))):
            head = (words >> np.uint64(top)).astype(np.uint8) & 0x7F
            usual = (head == 0x3F) | (head == 0x40)
            for window in _windows(usual, nought, (32,)):
                chosen = words[window][usual[window]]
                # A few words are the figures of any small table.
                long = slice(window.start, window.start + 96)
                sparse = (opened or len(chosen) < 24) and not (
                    np.count_nonzero(usual[long]) >= 0.3 * 96
                    and np.count_nonzero((usual | nought)[long]) >= 0.88 * 96
                )
                if sparse:
                    continue
                parts = ((chosen >> np.uint64(shift)).astype(np.uint8) for shift in digits)
                if all(_are_random(part) for part in parts):
                    return True
    return False


def _halves(block: NDArray[np.uint8]) -> bool:
    for offset in range(2):
        stored = block[offset : offset + (block.size - offset) // 2 * 2].view(np.uint16)
        nought = stored == 0
        for words in (stored, stored.byteswap()):
            # With five bits of exponent, or single floats that were cut to their upper half.
            usual = (_HALVES | _FLOATS)[words >> 8]
            for window in _windows(usual, nought, (48, 128)):
                if _are_halves(words[window][usual[window]]):
                    return True
    return False


def _are_halves(words: NDArray[np.uint16]) -> bool:
    """Whether words of usual size are all of one kind, with digits at random."""
    head, low = words >> 8, words.astype(np.uint8)
    if max(_HALVES[head].mean(), _FLOATS[head].mean()) < 0.95:
        return False
    # Packers write what was sorted as numbers that count up or down.
    counting = float((np.abs(np.diff(words.astype(np.int32))) <= 8).mean()) > 0.25
    spread = float((low >= 0x80).mean()) > 0.25 and 4 <= len(np.unique(head)) <= 40
    return _are_random(low) and spread and not counting


def _eighths(block: NDArray[np.uint8]) -> bool:
    """Components in eight bits: a bell around nought or around the middle, no text."""
    for shift in (0, 128):
        signed = (block + np.uint8(shift)).view(np.int8)
        squares = np.square(signed.astype(np.int32))
        first = np.concatenate([[0], np.cumsum(signed, dtype=np.int64)])
        second = np.concatenate([[0], np.cumsum(squares, dtype=np.int64)])
        for size in (128, 256):
            starts = np.arange(0, block.size - size + 1, size // 2)
            mean = (first[starts + size] - first[starts]) / size
            spread = np.sqrt((second[starts + size] - second[starts]) / size - mean**2)
            # Text is all of one sign, sealed bytes spread wider, counts less.
            near = (spread > 15) & (spread < 60) & (np.abs(mean) < 4.5 * spread / np.sqrt(size))
            for start in starts[near]:
                if _is_bell(signed[start : start + size], block[start : start + size]):
                    return True
    return False


def _is_bell(signed: NDArray[np.int8], levels: NDArray[np.uint8]) -> bool:
    """Whether values lie as those of a normal distribution do, each by itself."""
    if float((levels == 0).mean()) >= 0.08:
        return False
    shown = float(((levels >= 0x20) & (levels < 0x7F)).mean())
    if shown >= 0.6 or len(np.unique(levels)) < 0.35 * levels.size:
        return False
    centred = signed.astype(np.float64) - float(signed.mean())
    squares = centred * centred
    spread = float(squares.mean())
    kurtosis = float((squares * squares).mean()) / spread**2
    skew = float((squares * centred).mean()) / spread**1.5
    walk = float(np.square(np.diff(centred)).mean()) / (2 * spread)
    alike = 2.05 < kurtosis < 4.6 and abs(skew) < 0.6 and 0.7 < walk < 1.4
    return alike and _is_even(signed)


def _is_even(signed: NDArray[np.int8]) -> bool:
    """Whether each second and each fourth byte varies like the rest, as no wider number does."""
    phases = [signed[phase::step].std() for step in (2, 3, 4) for phase in range(step)]
    spread = float(signed.std())
    return bool(min(phases) > 0.6 * spread and max(phases) < 1.6 * spread)


def _pixels(block: NDArray[np.uint8]) -> bool:
    for start in range(0, max(1, block.size - _WINDOW // 2), _WINDOW):
        window = block[start : start + _WINDOW]
        if (
            window.size >= 512
            and window[::16].any()
            and are_pixels(window)
            and not _is_text(window)
        ):
            return True
    return False


def _is_text(window: NDArray[np.uint8]) -> bool:
    return float(((window >= 0x20) & (window < 0x7F)).mean()) > 0.97 and window.max() < 0x80


def _is_sealed(block: NDArray[np.uint8]) -> bool:
    """Whether the bytes are as even as a cipher's or a packer's."""
    if block.size < _LEAST_OPAQUE:
        return False
    if block.size >= _WINDOW:
        shares = np.bincount(block, minlength=256) / block.size
        used = shares[shares > 0]
        return float(-(used * np.log2(used)).sum()) > _DENSE_BITS
    counts = np.bincount(block >> 2, minlength=64)
    expected = block.size / 64
    return float(((counts - expected) ** 2 / expected).sum()) < 160


def _is_dense(block: NDArray[np.uint8]) -> bool:
    """Whether the bytes say more, and more evenly, than words or tables do that nobody packed."""
    if block.size < _LEAST_DENSE or float(((block >= 0x20) & (block < 0x7F)).mean()) > _MOST_SHOWN:
        return False
    shares = np.bincount(block, minlength=256) / block.size
    used = shares[shares > 0]
    entropy = float(-(used * np.log2(used)).sum())
    return entropy > min(_SOMEWHAT_DENSE_BITS, 0.62 * float(np.log2(block.size)))


def _are_random(digits: NDArray[np.uint8]) -> bool:
    """Whether bytes repeat no more than random ones do."""
    return len(np.unique(digits)) >= 0.7 * min(digits.size, 60)
