"""Bytes of any kind: what they are is decided here, and looked into, containers inside containers.

Belongs here: the order in which one asks. Does not belong here: any format or detector.

All that applies is asked, not the first alone: a file may be two things at once.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from footfall_dagster.privacy import sqlite_pages
from footfall_dagster.privacy.search import (
    archives,
    databases,
    drawings,
    encoded,
    encodings,
    number_files,
    pictures,
    raw_bytes,
    streams,
    tables,
    text,
)
from footfall_dagster.privacy.search.account import Account, digest_of
from footfall_dagster.privacy.search.numbers import VECTOR

_Opener = Callable[[bytes, str, Account, Callable[[bytes, str], None]], None]
_STREAMS = (
    ("gzip", b"\x1f\x8b\x08"),
    ("bzip2", b"BZh"),
    ("xz", b"\xfd7zXZ\0"),
    ("xz", b"\x5d\0\0"),
    ("zstd", b"\x28\xb5\x2f\xfd"),
    ("lz4", b"\x04\x22\x4d\x18"),
)
_EMBEDDED = re.compile(
    rb"\x1f\x8b\x08[\0-\x1f]|BZh[1-9]1AY&SY|\xfd7zXZ\0|\x28\xb5\x2f\xfd|\x93NUMPY[\x01-\x03]\0"
    rb"|SQLite format 3\0|ARROW1\0\0|PAR1|\x78[\x01\x5e\x9c\xda]"
)
_STRINGS = re.compile(rb"[\t\n\r\x20-\x7e]{24,}|(?:[\t\n\r\x20-\x7e]\0){24,}")
_CONTROLS = bytes([*range(1, 9), *range(14, 27)])
_MOST_EMBEDDED = 60
_LEAST, _LEAST_KNOWN = 16, 2048


class Examiner:
    """Looks into bytes and notes in an account what it finds."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._streams: dict[str, streams.Streams] = {}

    def file(self, content: bytes, name: bytes, log: bytes = b"") -> None:
        """Look into a file's bytes and its name; `log` is the journal of a database."""
        self.examine(name, "name")
        self.examine(content, "content", log=log)
        self.close()

    def close(self) -> None:
        """Judge what was spread over several texts of one place."""
        # What is put together is looked at in turn, and may leave streams of its own.
        for _ in range(self._account.limits.depth):
            waiting, self._streams = self._streams, {}
            for place, held in waiting.items():
                streams.close(place, held, self._account, self._inside(1))
        if streams.are_components(self._account.few):
            self._account.find("tables together", VECTOR, 0.5)

    def examine(
        self, content: bytes, place: str, depth: int = 0, log: bytes = b"", sealed: bool = True
    ) -> None:
        """Look into `content`, which was found at `place`.

        Args:
            content: Bytes of any kind.
            place: Where they were found.
            depth: Containers around them.
            log: The journal of a database.
            sealed: Whether it is remarkable if no reader explains them.
        """
        if len(content) < _LEAST:
            return
        digest = digest_of(content)
        if not self._account.is_new(digest):
            return
        if depth > self._account.limits.depth:
            self._account.miss(f"{place}, too deep")
            return
        self._account.spend(len(content))
        before = self._account.marks
        self._examine(content, place, depth, log, sealed)
        if depth and len(content) >= _LEAST_KNOWN and self._account.marks == before:
            self._account.known.add(digest)

    def _examine(self, content: bytes, place: str, depth: int, log: bytes, sealed: bool) -> None:
        if content.count(content[:1]) == len(content):
            return
        if _is_text(content):
            self._text(content, place, depth)
            return
        inside = self._inside(depth + 1)
        for kind, (start, sure) in pictures.look(content).items():
            at = f" > byte {start}" if start else ""
            self._account.find(f"{place}{at}", kind, sure)
        # The rows of a write-ahead log are read with the database beside it, and of what it has
        # overwritten, cut at any byte, only pictures and floats can be told from remains of text.
        opened = content.startswith(sqlite_pages.LOGS) or self._open(content, place, inside, log)
        sealed = sealed and not opened and not self._account.found
        rest = b"".join(sqlite_pages.pages(content)) if opened else content
        found = raw_bytes.look(rest, sealed, only_floats=opened)
        if found and self._account.followed.size:
            rest = raw_bytes.without(rest, self._account.followed)
            found = raw_bytes.look(rest, sealed, only_floats=opened)
        for kind, sure in found.items():
            self._account.find(f"{place} > bytes", kind, sure)
        if not opened:
            self._unknown(content, place, depth)

    def _inside(self, depth: int) -> databases.Examine:
        def examine(content: bytes, place: str, sealed: bool = True) -> None:
            self.examine(content, place, depth, sealed=sealed)

        return examine

    def _open(self, content: bytes, place: str, inside: databases.Examine, log: bytes) -> bool:
        """Open `content` as all that it may be; whether it was anything."""
        account, opened = self._account, False
        if content[8:12] == b"DUCK":
            databases.open_duckdb(content, place, account, inside, log)
            return True
        if content.startswith(b"SQLite format 3\0"):
            databases.open_sqlite(content, place, account, inside, log)
            opened = True
        for applies, opener in _openers(content):
            if applies:
                opener(content, place, account, inside)
                opened = True
        for form, mark in _STREAMS:
            if content.startswith(mark):
                opened |= archives.open_stream(form, content, place, account, inside)
        if not opened and content[0] & 0x0F == 8 and int.from_bytes(content[:2], "big") % 31 == 0:
            opened = archives.open_stream("zlib", content, place, account, inside)
        if (
            not opened
            and (deflated := encodings.inflate(content, 2**24))
            and len(deflated) > len(content)
        ):
            inside(deflated, f"{place} > deflate")
            opened = True
        if not opened and (unsnapped := archives.unsnap(content, 2**24)):
            inside(unsnapped, f"{place} > snappy")
            opened = True
        return opened

    def _unknown(self, content: bytes, place: str, depth: int) -> None:
        """What no reader knows: what may be embedded in it, and its strings."""
        if content.startswith((b"PAR1", b"PK\x03\x04")):
            self._account.miss(f"{place}, cut off")
        inside = self._inside(depth + 1)
        for number, match in enumerate(_EMBEDDED.finditer(content, 1)):
            if number >= _MOST_EMBEDDED:
                break
            self._embedded(content[match.start() :], f"{place} > byte {match.start()}", inside)
        strings = [match[0].replace(b"\0", b"") for match in _STRINGS.finditer(content)]
        if strings:
            self._text(b"\n".join(strings), f"{place} > strings", depth)

    def _embedded(self, content: bytes, place: str, inside: Callable[[bytes, str], None]) -> None:
        if content.startswith((b"\x93NUMPY", b"SQLite", b"ARROW1")):
            inside(content, place)
        elif content.startswith(b"PAR1"):
            end = content.rfind(b"PAR1")
            if end > 12:
                inside(content[: end + 4], place)
        else:
            unpacked = encodings.inflate(content, 2**24) if content[0] == 0x78 else _unpack(content)
            if unpacked and len(unpacked) >= 64:
                inside(unpacked, f"{place} > stream")

    def _text(self, content: bytes, place: str, depth: int) -> None:
        inside = self._inside(depth + 1)
        if number_files.is_pickle(content):
            number_files.open_pickle(content, place, self._account, inside)
        content = encoded.take_embedded(content, place, inside)
        for kind, (_, sure) in pictures.look(content, text=True).items():
            self._account.find(place, kind, sure)
        if b"%3C" in content or b"%3c" in content or content.count(b"%") > 40:
            decoded = unquote_to_bytes(content)
            if decoded != content:
                inside(decoded, f"{place} > percent-encoded")
        if b"<" in content:
            content = drawings.look(content, place, self._account)
        held = self._streams.setdefault(place, streams.Streams())
        text.look(content, place, held, self._account, inside)


def _openers(content: bytes) -> tuple[tuple[bool, _Opener], ...]:
    return (
        (content.endswith(b"PAR1") and len(content) > 12, tables.open_parquet),
        (
            content.startswith(b"ARROW1") or content.startswith(b"\xff\xff\xff\xff"),
            tables.open_arrow,
        ),
        (
            b"PK\x05\x06" in content and (b"PK\x03\x04" in content or len(content) < 64),
            archives.open_zip,
        ),
        (content[257:262] == b"ustar", archives.open_tar),
        (content.startswith(b"\x93NUMPY"), number_files.open_npy),
        (number_files.is_safetensors(content), number_files.open_safetensors),
        (number_files.is_pickle(content), number_files.open_pickle),
    )


def _unpack(content: bytes) -> bytes | None:
    import bz2
    import lzma
    import zlib

    try:
        if content.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(31).decompress(content, 2**24)
        if content.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(content, 2**24)
        if content.startswith(b"\xfd7z"):
            return lzma.LZMADecompressor().decompress(content, 2**24)
        import pyarrow as pa

        with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
            return bytes(stream.read(2**24))
    except (OSError, ValueError, EOFError, zlib.error, lzma.LZMAError):
        return None


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    try:
        if not content.isascii():
            content.decode()
    except UnicodeDecodeError:
        return False
    return len(content) - len(content.translate(None, _CONTROLS)) <= len(content) // 50
