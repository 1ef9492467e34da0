"""What a SQLite file holds besides its rows: free pages, gaps in pages, bytes after the last page.

Belongs here: the file format, as far as one needs it to find unused space, and to leave out what
points to pages and rows (https://www.sqlite.org/fileformat2.html). Does not belong here: what rows
may hold.

Pointers to cells and links to pages are dense and without any pattern, so among bytes that no
reader explains they look like what somebody hides.
"""

import errno
import mmap
import re
import struct
from collections.abc import Iterator
from pathlib import Path

_MAGIC = b"SQLite format 3\0"
LOGS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""How a write-ahead log begins."""
_LEAVES, _INNER = frozenset({0x0A, 0x0D}), frozenset({0x02, 0x05})
_INNER_OF_TABLE = 0x05
_POINTERS = re.compile(rb"\A(?:(?!\0\0)[\0-\x0f].)+", re.DOTALL)
"""Two bytes each, below the largest usual size of a page."""
_LINKS = re.compile(rb"(?:(?!\0{4})\0.{3}[\x80-\xff]{0,4}[\0-\x7f]){3,}", re.DOTALL)
"""Number of a page below 2^24, and of a row in as many bytes as it needs, several times."""
_HEADER_BYTES = 100
_LARGEST = 2**34
_FREELIST_TRUNK_AT, _PAGE_SIZE_AT, _LOG_PAGE_SIZE_AT = 32, 16, 8
_LOG_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24


class NotSqlite(Exception):  # noqa: N818 - says what it is
    """The file is no SQLite database."""


def unused(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every stretch of a database file that no row uses, with its place; zeros are left out.

    Raises:
        NotSqlite: It is no such file.
        OSError: It cannot be read, or is too large to be looked through in a bounded time.
    """
    if path.stat().st_size > _LARGEST:
        raise OSError(errno.EFBIG, "larger than any database of Dagster's")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            if path.stat().st_size:
                raise NotSqlite
            return
        # Years of events are more than one wants in memory at once.
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield from _unused(content)


def pages(content: bytes) -> Iterator[bytes]:
    """Pages of a database, or of a write-ahead log, without what only points to pages and rows.

    What follows the last page comes last, and whatever is neither comes as it is.
    """
    at, between = 0, 0
    if content.startswith(_MAGIC) and len(content) >= _HEADER_BYTES:
        size = _page_size(content)
    elif content.startswith(LOGS) and len(content) >= _LOG_HEADER_BYTES:
        size = struct.unpack_from(">I", content, _LOG_PAGE_SIZE_AT)[0]
        at, between = _LOG_HEADER_BYTES, _FRAME_HEADER_BYTES
    else:
        size = 0
    while _is_page_size(size) and at + between + size <= len(content):
        at += between
        yield _without_references(content[at : at + size])
        at += size
    yield content[at:]


def _without_references(page: bytes) -> bytes:
    kind = page[0]
    if kind not in _LEAVES | _INNER:
        # The number of the page that goes on, before what is too long for one.
        return page[4:] if kind == 0 else page
    return _without_links(_without_pointers(page[8 if kind in _LEAVES else 12 :]), kind)


def _without_pointers(piece: bytes) -> bytes:
    """A part of a page without the pointers to cells, or to former ones, at its start."""
    return _POINTERS.sub(b"", piece)


def _without_links(piece: bytes, kind: int) -> bytes:
    """A part of a page without links: an inner page of a table holds nothing else."""
    return _LINKS.sub(b"", piece) if kind == _INNER_OF_TABLE else piece


def _unused(content: mmap.mmap) -> Iterator[tuple[str, bytes]]:
    if len(content) < _HEADER_BYTES:
        raise NotSqlite
    size = _page_size(content)
    if not _is_page_size(size):
        raise NotSqlite
    count = len(content) // size
    free = set(_free_pages(content, size))
    for number in range(1, count + 1):
        page = content[(number - 1) * size : number * size]
        if number in free:
            if any(page[8:] if number in free else page):
                yield f"free page {number}", page
            continue
        for gap in _gaps(page, 100 if number == 1 else 0):
            if any(gap):
                yield f"page {number}, unused part", gap
    if rest := content[count * size :]:
        yield "after the last page", rest


def _page_size(content: bytes | mmap.mmap) -> int:
    size: int = struct.unpack_from(">H", content, _PAGE_SIZE_AT)[0]
    return 65536 if size == 1 else size


def _is_page_size(size: int) -> bool:
    return 512 <= size <= 65536 and size & (size - 1) == 0


def _free_pages(content: mmap.mmap, size: int) -> Iterator[int]:
    """Pages of the freelist that are leaves; trunks hold the list itself and are left out."""
    trunk = struct.unpack_from(">I", content, _FREELIST_TRUNK_AT)[0]
    seen: set[int] = set()
    while trunk and trunk not in seen and trunk * size <= len(content):
        seen.add(trunk)
        following, leaves = struct.unpack_from(">II", content, (trunk - 1) * size)
        leaves = min(leaves, size // 4 - 2)
        yield from struct.unpack_from(f">{leaves}I", content, (trunk - 1) * size + 8)
        trunk = following


def _gaps(page: bytes, header_at: int) -> Iterator[bytes]:
    """The space between the pointers and the cells of a b-tree page, and its free blocks."""
    kind = page[header_at]
    if kind not in _LEAVES | _INNER:
        return
    block, cells, cells_at = struct.unpack_from(">HHH", page, header_at + 1)
    pointers_at = header_at + (8 if kind in _LEAVES else 12)
    between = page[pointers_at + 2 * cells : cells_at or 65536]
    yield _without_links(_without_pointers(between), kind)
    seen: set[int] = set()
    while block and block not in seen and block + 4 <= len(page):
        seen.add(block)
        following, length = struct.unpack_from(">HH", page, block)
        yield _without_links(page[block + 4 : block + length], kind)
        block = following
