"""What a SQLite file holds besides its rows: free pages, gaps in pages, bytes after the last page.

Belongs here: the file format, as far as one needs it to find unused space
(https://www.sqlite.org/fileformat2.html). Does not belong here: what rows may hold.
"""

import errno
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

_MAGIC = b"SQLite format 3\0"
_LEAVES, _INNER = frozenset({0x0A, 0x0D}), frozenset({0x02, 0x05})
_HEADER_BYTES = 100
_LARGEST = 2**34
_USUAL_PAGE = 4096
_FREELIST_TRUNK_AT, _PAGE_SIZE_AT = 32, 16


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


def without_pointers(piece: bytes) -> bytes:
    """An unused part of a page without what is left at its start of pointers to former cells.

    A page keeps a pointer of two bytes to each cell, behind those that are in use. They are dense
    and without any pattern, so they look like what somebody hides; each lies below the largest
    usual size of a page.
    """
    words = struct.unpack(f">{len(piece) // 2}H", piece[: len(piece) // 2 * 2])
    length = next((at for at, word in enumerate(words) if word >= _USUAL_PAGE), len(words))
    return piece[2 * length :]


def _unused(content: mmap.mmap) -> Iterator[tuple[str, bytes]]:
    if len(content) < _HEADER_BYTES:
        raise NotSqlite
    size = struct.unpack_from(">H", content, _PAGE_SIZE_AT)[0]
    size = 65536 if size == 1 else size
    if size < 512 or size & (size - 1):
        raise NotSqlite
    pages = len(content) // size
    free = set(_free_pages(content, size))
    for number in range(1, pages + 1):
        page = content[(number - 1) * size : number * size]
        if number in free:
            if any(page[8:] if number in free else page):
                yield f"free page {number}", page
            continue
        for gap in _gaps(page, 100 if number == 1 else 0):
            if any(gap):
                yield f"page {number}, unused part", gap
    if rest := content[pages * size :]:
        yield "after the last page", rest


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
    yield page[pointers_at + 2 * cells : cells_at or 65536]
    seen: set[int] = set()
    while block and block not in seen and block + 4 <= len(page):
        seen.add(block)
        following, length = struct.unpack_from(">HH", page, block)
        yield page[block + 4 : block + length]
        block = following
