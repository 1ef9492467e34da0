"""What archives and compressed streams hold, and what stands in them beside their members.

Belongs here: zip, tar, gzip, bzip2, xz, zstd, deflate. Does not belong here: what a member is
(`content`).

Every stream is unpacked up to what the file may still spend, so that a bomb ends as unread.
"""

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from footfall_dagster.privacy.search.account import Account

if TYPE_CHECKING:
    _Worker = zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor

Examine = Callable[[bytes, str], None]
_CHUNK = 2**20


def open_zip(content: bytes, place: str, account: Account, examine: Examine) -> None:
    """Members, names, comments, and bytes before and after."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        account.miss(f"{place} > zip")
        return
    with archive:
        members = archive.infolist()
        if len(members) > account.limits.members:
            account.miss(f"{place} > zip, members beyond the limit")
        first = min((member.header_offset for member in members), default=0)
        if 0 < first < len(content):
            examine(content[:first], f"{place} > before the archive")
        examine(archive.comment, f"{place} > comment")
        names = "\n".join(member.filename for member in members[: account.limits.members])
        examine(names.encode(errors="replace"), f"{place} > names")
        for number, member in enumerate(members[: account.limits.members]):
            inside = f"{place} > member {number}"
            examine(member.comment + member.extra, f"{inside}, comment")
            try:
                with archive.open(member) as stream:
                    unpacked = _read(stream.read, inside, account)
            except (
                zipfile.BadZipFile,
                RuntimeError,
                OSError,
                EOFError,
                zlib.error,
                ValueError,
                NotImplementedError,
                lzma.LZMAError,
            ):
                account.miss(inside)
                continue
            examine(unpacked, inside)
    end = content.rfind(b"PK\x05\x06")
    if end >= 0:
        examine(content[end + 22 + len(archive.comment) :], f"{place} > after the archive")


def open_tar(content: bytes, place: str, account: Account, examine: Examine) -> None:
    """Members, their names, and bytes behind the end."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            names = []
            for number, member in enumerate(archive):
                if number >= account.limits.members:
                    account.miss(f"{place} > tar, members beyond the limit")
                    break
                names.append(f"{member.name} {member.linkname} {member.pax_headers}")
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is not None:
                    inside = f"{place} > member {number}"
                    examine(_read(stream.read, inside, account), inside)
            examine("\n".join(names).encode(errors="replace"), f"{place} > names")
            examine(content[archive.offset :].strip(b"\0"), f"{place} > after the archive")
    except (tarfile.TarError, OSError, ValueError, EOFError):
        account.miss(f"{place} > tar")


def open_stream(form: str, content: bytes, place: str, account: Account, examine: Examine) -> bool:
    """Unpack a compressed stream and look at what follows it; False if it is none.

    `form` is `gzip`, `bzip2`, `xz`, `zlib`, `zstd` or `lz4`.
    """
    if form in {"zstd", "lz4"}:
        return _open_arrow_stream(form, content, place, account, examine)
    if form == "gzip":
        examine(_gzip_header(content), f"{place} > gzip header")
    pieces: list[bytes] = []
    rest, count = content, 0
    while rest:
        worker = _decompressor(form)
        try:
            unpacked = _drain(worker, rest, place, account)
        except (OSError, ValueError, EOFError, zlib.error, lzma.LZMAError):
            break
        pieces.append(unpacked)
        count += len(unpacked)
        if not account.hold(count, f"{place} > {form}"):
            break
        rest = worker.unused_data
        if not worker.eof or form == "zlib":
            break
    if not pieces:
        return False
    examine(b"".join(pieces), f"{place} > {form}")
    if not worker.eof:
        account.miss(f"{place} > {form}, cut off")
    elif rest:
        examine(rest, f"{place} > after the {form} stream")
    return True


def _decompressor(form: str) -> "_Worker":
    if form == "gzip":
        return zlib.decompressobj(31)
    if form == "zlib":
        return zlib.decompressobj(15)
    return bz2.BZ2Decompressor() if form == "bzip2" else lzma.LZMADecompressor()


def _drain(worker: "_Worker", content: bytes, place: str, account: Account) -> bytes:
    pieces, count = [], 0
    waiting = content
    while not worker.eof:
        piece = worker.decompress(waiting, _CHUNK)
        account.spend(len(piece))
        pieces.append(piece)
        count += len(piece)
        if not account.hold(count, place):
            break
        # zlib hands back what it did not take; the others keep it.
        waiting = getattr(worker, "unconsumed_tail", b"")
        if not piece and not waiting:
            break
    return b"".join(pieces)


def _gzip_header(content: bytes) -> bytes:
    """What stands between the fixed part of a gzip header and the data: a field, a name, words."""
    flags, at = content[3:4] or b"\0", 10
    if flags[0] & 4:
        at += 2 + int.from_bytes(content[at : at + 2], "little")
    for flag in (8, 16):
        if flags[0] & flag:
            at = content.find(b"\0", at) + 1 or len(content)
    return content[10:at]


def _open_arrow_stream(
    form: str, content: bytes, place: str, account: Account, examine: Examine
) -> bool:
    import pyarrow as pa

    pieces, count = [], 0
    try:
        with pa.CompressedInputStream(pa.BufferReader(content), form) as stream:
            while piece := stream.read(_CHUNK):
                account.spend(len(piece))
                pieces.append(piece)
                count += len(piece)
                if not account.hold(count, f"{place} > {form}"):
                    break
    except (OSError, ValueError):
        if not pieces:
            return False
        account.miss(f"{place} > {form}, cut off")
    examine(b"".join(pieces), f"{place} > {form}")
    return True


def unsnap(content: bytes, most: int) -> bytes | None:
    """What bytes hold that are snappy's: they begin with the length of what they hold."""
    import pyarrow as pa

    length, shift = 0, 0
    for byte in content[:5]:
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    if not 0.9 * len(content) < length < min(most, 24 * len(content)):
        return None
    try:
        return bytes(pa.decompress(content, length, codec="snappy", asbytes=True))
    except (OSError, ValueError):
        return None


def _read(read: Callable[[int], bytes], place: str, account: Account) -> bytes:
    pieces, count = [], 0
    while piece := read(_CHUNK):
        account.spend(len(piece))
        pieces.append(piece)
        count += len(piece)
        if not account.hold(count, place):
            break
    return b"".join(pieces)
