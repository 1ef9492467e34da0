"""Bytes written as text, and told from words: base64, base32, base85, ascii85; bare deflate.

Belongs here: decoding one run. Does not belong here: finding runs in a text (`text`).
"""

import base64
import binascii
import re
import string
import zlib

import numpy as np

_URLSAFE = bytes.maketrans(b"-_", b"+/")


def base85(run: bytes) -> bytes | None:
    """What a run of base85 holds; up to two characters may have been put before it."""
    for skip in range(3):
        try:
            return base64.b85decode(run[skip : skip + (len(run) - skip) // 5 * 5])
        except (ValueError, binascii.Error):
            continue
    return None


def ascii85(run: bytes) -> bytes | None:
    """What a run of ascii85 holds."""
    try:
        return base64.a85decode(run.removeprefix(b"<~").removesuffix(b"~>"))
    except (ValueError, binascii.Error):
        return None


def unbase64(token: bytes) -> bytes | None:
    """What a run of base64 holds, of either alphabet and without its padding."""
    bare = token.replace(b"=", b"").translate(_URLSAFE)
    try:
        return base64.b64decode(bare[: len(bare) // 4 * 4])
    except (ValueError, binascii.Error):
        return None


def looks_encoded(token: bytes) -> bool:
    """Whether a run has capitals, small letters and digits in about the shares of base64."""
    # Most runs are names and ids without a capital; counting by `translate` is quickest.
    return (
        _count(token, string.ascii_uppercase) > 0.15 * len(token)
        and _count(token, string.ascii_lowercase) > 0.12 * len(token)
        and _count(token, string.digits) > 0.015 * len(token)
    )


def _count(token: bytes, members: str) -> int:
    return len(token) - len(token.translate(None, members.encode()))


def is_base32(token: bytes) -> bool:
    """Whether a run has the alphabet of base32 and about as many digits."""
    return re.fullmatch(rb"[a-zA-Z2-7]{40,}=*", token) is not None and sum(
        one in b"234567" for one in token
    ) > 0.08 * len(token)


def is_mostly_text(content: bytes) -> bool:
    """Whether bytes begin as plain ASCII."""
    shown = np.frombuffer(content[:4096], dtype=np.uint8)
    plain = ((shown >= 0x20) & (shown < 0x7F)) | ((shown >= 9) & (shown <= 13))
    return float(plain.mean()) > 0.95


def inflate(content: bytes, most: int) -> bytes | None:
    """What a bare deflate stream holds, at most `most` bytes of it."""
    for width in (15, -15):
        try:
            return zlib.decompressobj(width).decompress(content, most)
        except zlib.error:
            continue
    return None
