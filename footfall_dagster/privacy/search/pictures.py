"""Pictures anywhere in bytes: by the marks with which formats begin, and by decoding.

Belongs here: formats of pictures and films. Does not belong here: pixels without a format
(`raw_bytes`), drawings (`drawings`).

A picture that begins right but cannot be decoded, since pages of a database lie between its parts
or its end is missing, is still one, with less confidence.
"""

import io
import re
import warnings
from collections.abc import Iterator
from itertools import islice

_MARKS: tuple[tuple[str, int, bytes, bytes], ...] = (
    ("jpeg", 0, b"\xff\xd8\xff", rb"...[\xc0-\xfe]"),
    ("jpeg", 0, b"\xff\xdb\0\x43\0", b""),
    ("jpeg", 0, b"\xff\xc4\0\x1f\0\0\x01", b""),
    ("png", 1, b"PNG\r\n\x1a\n", rb"\x89"),
    ("png", 1, b"NG\r\n\x1a\n", rb"[\x8a\x8b][MJ]"),
    ("gif", 0, b"GIF8", rb"GIF8[79]a"),
    ("webp", 8, b"WEBPVP8", rb"RIFF.{4}WEBPVP8[ LX]"),
    ("avi", 8, b"AVI LIST", rb"RIFF"),
    ("heif", 4, b"ftyp", rb"\0\0\0[\x10-\x80]ftyp(?:avi[fs]|hei[cfmsx]|hev[cmsx]|mif1|msf1|miaf)"),
    ("film", 4, b"ftyp", rb"\0\0\0[\x08-\x80]ftyp(?:iso[0-9m]|mp4[0-9]|avc1|qt  |M4V |3gp[0-9])"),
    ("film", 0, b"\x1a\x45\xdf\xa3", rb".{5,68}(?:webm|matroska)"),
    ("tiff", 0, b"II*\0", b""),
    ("tiff", 0, b"MM\0*", b""),
    ("tiff", 0, b"II+\0\x08\0\0\0", b""),
    ("tiff", 0, b"MM\0+\0\x08\0\0", b""),
    ("jpeg 2000", 4, b"jP  \r\n\x87\n", rb"\0\0\0\x0c"),
    ("jpeg 2000", 0, b"\xff\x4f\xff\x51\0", b""),
    ("jpeg xl", 4, b"JXL \r\n\x87\n", rb"\0\0\0\x0c"),
    ("bmp", 0, b"BM", rb"BM.{4}\0{4}.{4}[\x0c\x28\x40\x6c\x7c]\0\0\0"),
    ("psd", 0, b"8BPS\0", rb".{5}[\x01\x02]\0{6}"),
    ("qoi", 0, b"qoif", rb".{4}\0.{3}\0.{3}[\x03\x04][\0\x01]"),
    ("netpbm", 0, b"", rb"P[1-7Ff]\s(?:\s|#[^\n]*\n)*(?:WIDTH )?[1-9]\d{0,4}\s"),
    ("exr", 0, b"\x76\x2f\x31\x01", b""),
    ("dds", 0, b"DDS \x7c\0\0\0", b""),
    ("jpeg xr", 0, b"II\xbc\x01", b""),
    ("flif", 0, b"FLIF", rb"....[1-4A-F][\x30-\x32]"),
    ("hdf5", 0, b"\x89HDF\r\n\x1a\n", b""),
    ("fits", 0, b"SIMPLE  =", rb".{9}\s{10,30}T"),
    ("sun raster", 0, b"\x59\xa6\x6a\x95", b""),
    ("xpm", 0, b"/* XPM */", b""),
    ("xbm", 0, b"#define ", rb"#define \w{1,40}_width \d"),
)
"""Kind, where in it the mark stands, the mark, and what must match from the beginning."""
_RULES = [re.compile(rule, re.DOTALL) for *_, rule in _MARKS]
# Told by their mark alone; the others are short marks that must decode.
_SURE = {"png", "gif", "webp", "heif", "film", "avi", "jpeg 2000", "jpeg xl", "psd", "qoi", "exr"}
_DECODED_ONLY = {"jpeg xr", "sun raster", "bmp", "dds"}
_TEXTS = {"netpbm", "xpm", "xbm", "fits"}
_MOST_DECODED = 40
_MOST_BYTES = 2**25
_MOST_PIXELS = 50_000_000


def look(content: bytes, *, text: bool = False, read: bool = False) -> dict[str, tuple[int, float]]:
    """Pictures in `content`: kind to where the first begins and how sure it is one.

    Args:
        content: Any bytes.
        text: Whether they are text, in which only some formats can be.
        read: Whether something else was read from their beginning, so that no picture begins there
            without a mark.
    """
    found: dict[str, tuple[int, float]] = {}
    for (kind, offset, mark, _), rule in zip(_MARKS, _RULES, strict=True):
        if text and kind not in _TEXTS:
            continue
        for start in _starts(content, mark, offset, rule):
            if found.get(kind, (0, 0.0))[1] >= 0.9:
                break
            sure = _confidence(kind, content[start : start + _MOST_BYTES])
            if sure > found.get(kind, (0, 0.0))[1]:
                found[kind] = (start, sure)
    if (
        not found
        and not (text or read)
        and content[:4] != b"PAR1"
        and _decodes(content[:_MOST_BYTES], _WITHOUT_MARK)
    ):
        found["other picture"] = (0, 0.8)
    return found


def _starts(content: bytes, mark: bytes, offset: int, rule: re.Pattern[bytes]) -> Iterator[int]:
    """The first places at which a mark stands and its rule matches."""
    if not mark:
        yield from (match.start() for match in islice(rule.finditer(content), _MOST_DECODED))
        return
    tried, at = 0, content.find(mark)
    while at >= 0 and tried < _MOST_DECODED:
        start = at - offset
        if start >= 0 and rule.match(content, start):
            tried += 1
            yield start
        at = content.find(mark, at + 1)


# Formats without a mark worth the name, tried at the beginning only.
_WITHOUT_MARK = ("TGA", "PCX", "SGI", "DCX", "ICNS", "ICO", "CUR", "IM", "PIXAR", "BLP", "FTEX")


def _confidence(kind: str, content: bytes) -> float:
    if _decodes(content):
        return 0.99
    if kind in _SURE:
        return 0.8
    if kind == "jpeg" and (content[2:3] != b"\xff" or _has_segments(content)):
        return 0.8
    if kind == "tiff":
        return 0.6 if _has_directory(content) else 0.0
    return 0.0 if kind in _DECODED_ONLY | {"jpeg", "netpbm"} else 0.6


def _decodes(content: bytes, formats: tuple[str, ...] | None = None) -> bool:
    """Whether Pillow reads the bytes as a picture."""
    from PIL import Image, ImageFile

    ImageFile.LOAD_TRUNCATED_IMAGES = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=formats) as image:
                width, height = image.size
                if width < 2 or height < 2 or width * height < 64:
                    return False
                if width * height > _MOST_PIXELS:
                    return True
                image.load()
        except Exception:  # A broken picture raises whatever its decoder raises.
            return False
    return True


def _has_segments(content: bytes) -> bool:
    """Whether a JPEG's first segments follow each other as they should."""
    at = 2
    for _ in range(2):
        if at + 4 > len(content) or content[at] != 0xFF or content[at + 1] < 0xC0:
            return False
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if length < 2:
            return False
        at += 2 + length
    return True


def _has_directory(content: bytes) -> bool:
    """Whether a TIFF's first directory lies within it and has a plausible first tag."""
    order = "little" if content[:2] == b"II" else "big"
    at = int.from_bytes(content[4:8], order)  # type: ignore[arg-type]
    if not 8 <= at < len(content) - 14:
        return False
    entries = int.from_bytes(content[at : at + 2], order)  # type: ignore[arg-type]
    tag = int.from_bytes(content[at + 2 : at + 4], order)  # type: ignore[arg-type]
    return 1 <= entries < 200 and 254 <= tag < 60_000
