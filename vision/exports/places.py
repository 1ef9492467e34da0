"""Where recorders leave their exports: a folder, or a bucket of an S3-compatible store.

Belongs here: listing files and opening one, so that nothing else need know which of the two it is.
Does not belong here: what a name says (`vision.exports.names`), whose file it is
(`vision.exports.folder`), what is in it (`vision.exports.probe`).

Nothing here writes, and nothing of a bucket is ever copied to a disk: blocks of a file are held in
memory while it is read. Keys come from where every S3 client looks for them (AWS_ACCESS_KEY_ID, a
profile, the machine's role) and are kept by no object of ours, so none can be logged or pickled.
"""

import datetime as dt
import errno
import io
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from vision.exports.bounds import CLOCKS_SHOW, MOST_BYTES
from vision.exports.waiting import Waiting, WaitingFile

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

NEVER_SET = CLOCKS_SHOW[0]
"""Stands for a time of writing that says nothing, so that it stays the same at every look."""
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE})
"""What is said of a file that is gone since its folder was listed, or of a link to nothing."""
_OF_THE_DISK = frozenset(
    {"lost+found", "System Volume Information", "$RECYCLE.BIN", "@eaDir", "#recycle"}
)
"""Folders that a disk brings along, in which no recorder writes and which only root may list."""
_CLIENTS = frozenset({"aiobotocore", "aiohttp", "botocore"})
_BLOCK_BYTES = 4 * 2**20
_KEPT_IN_MEMORY = 64 * 2**20
_BLOCKS_IN_MEMORY = 8
"""Enough for an index at the end of a file beside what is being read."""


class Unreachable(OSError):  # noqa: N818 - says what it is
    """The place of the recordings cannot be listed, which is no empty place; says what to do."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as its place lists it.

    Attributes:
        name: Below the root, with / between folders.
        size_bytes: As far as it has been written.
        modified_at: When it was last written, to the second, UTC; `NEVER_SET` where that was never
            noted.
        arrived_at: When anything of it last changed, its name and place included, UTC. A file that
            is moved or copied with its old time of writing arrives now.
        outside: Whether a link leads to it from below the root, and it lies elsewhere: whoever may
            write there could otherwise have any file of this machine read.
    """

    name: str
    size_bytes: int
    modified_at: dt.datetime
    arrived_at: dt.datetime
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine, which may be a mount."""

    root: Path

    def __str__(self) -> str:
        return str(self.root)

    def files(self, prefix: str, depth: int) -> Iterator[File]:
        """Files at most `depth` folders below the root whose names begin with `prefix`.

        Each folder is listed once, and a file is asked for its size only if its name begins so.

        Raises:
            FileNotFoundError: The root is absent; a folder below it may be.
        """
        if not self.root.is_dir():
            raise FileNotFoundError(
                f"the folder of recordings {self.root} does not exist; create it, mount it, or "
                "point FOOTFALL_RECORDINGS at the folder into which your recorder exports"
            )
        folder, slash, begins = prefix.rpartition("/")
        below = depth - folder.count("/") - bool(slash)
        root = self.root.resolve()
        start = str(self.root / folder)
        outside = not _is_within(start, root)
        yield from _files(start, folder + slash, begins, below, root, outside)

    def file(self, name: str) -> File:
        """One file as it is now; raises OSError where it is not there."""
        return _file(name, (self.root / name).stat())

    def has(self, name: str) -> bool:
        """Whether anything lies under that name, be it a link to nothing."""
        return os.path.lexists(self.root / name)

    @contextmanager
    def reading(self, name: str, _waiting: Waiting = nullcontext) -> Iterator[BinaryIO]:
        """The file's bytes; raises OSError where it is no regular file or not ours to read."""
        with _regular_file(self.root / name) as file:
            yield file


@dataclass(frozen=True, slots=True)
class Bucket:
    """Objects below a prefix of a bucket.

    Attributes:
        url: `s3://bucket/prefix`.
        endpoint: Of a store that is not Amazon's; None leaves it to AWS_ENDPOINT_URL.
    """

    url: str
    endpoint: str | None = None

    def __str__(self) -> str:
        return self.url

    def files(self, prefix: str, depth: int) -> Iterator[File]:
        """Objects at most `depth` folders below the root whose names begin with `prefix`.

        A thousand come with each call to the store, whatever folders they are in.

        Raises:
            FileNotFoundError: There is no such bucket.
            Unreachable: The store does not answer, or not to us.
        """
        with self._in_words():
            files, root = self._files_and_root()
            folder, _, begins = prefix.rpartition("/")
            found = files.find(f"{root}/{folder}".rstrip("/"), prefix=begins, detail=True)
            if not found:
                files.ls(root.partition("/")[0], refresh=True)
        for path, info in found.items():
            name = path.removeprefix(f"{root}/")
            if info["type"] == "file" and name.count("/") <= depth and name.startswith(prefix):
                yield _object(name, info)

    def file(self, name: str) -> File:
        """One object as it is now; raises OSError where it is not there."""
        files, root = self._files_and_root()
        return _object(name, files.info(f"{root}/{name}", refresh=True))

    def has(self, name: str) -> bool:
        """Whether there is such an object."""
        with self._in_words():
            files, root = self._files_and_root()
            return bool(files.exists(f"{root}/{name}"))

    def _open(self, name: str) -> BinaryIO:
        """A seekable file of which a few blocks are held in memory."""
        files, root = self._files_and_root()
        return cast(
            BinaryIO,
            files.open(
                f"{root}/{name}",
                "rb",
                block_size=_BLOCK_BYTES,
                cache_type="blockcache",
                cache_options={"maxblocks": _BLOCKS_IN_MEMORY},
            ),
        )

    @contextmanager
    def reading(self, name: str, waiting: Waiting = nullcontext) -> Iterator[BinaryIO]:
        """The object's bytes; raises `Unreachable` where the store fails, which is no file's fault.

        Read once rather than twice where memory allows: for the hash, then for the packets.
        """
        with self._in_words():
            with waiting():
                opened = self._open(name)
            with opened as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(0)
                told = cast(BinaryIO, WaitingFile(file, waiting))
                yield io.BytesIO(told.read()) if size <= _KEPT_IN_MEMORY else told

    def _files_and_root(self) -> "tuple[AbstractFileSystem, str]":
        """The store, and bucket and prefix as it wants them."""
        options = {"client_kwargs": {"endpoint_url": self.endpoint}} if self.endpoint else {}
        try:
            import fsspec

            files = fsspec.filesystem("s3", use_listings_cache=False, **options)
        except ImportError:
            raise Unreachable(
                f"the recordings are in {self.url} and s3fs is not installed; run "
                "`pip install 'footfall-dagster[s3]'`"
            ) from None
        return files, self.url.removeprefix("s3://").strip("/")

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Say what a store's refusal means for who set the recordings up."""
        try:
            yield
        except FileNotFoundError:
            raise FileNotFoundError(
                f"there is no bucket of recordings {self.url}; create it, or point "
                "FOOTFALL_RECORDINGS at the bucket into which your recorder exports"
            ) from None
        except Unreachable:
            raise
        except Exception as failure:
            if (why := _why(failure)) is None:
                raise
            raise Unreachable(f"{self.url} cannot be listed ({why})") from None


Place = Folder | Bucket


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a place: pickles into a few words, and is opened where it is needed."""

    place: Place
    name: str

    @contextmanager
    def reading(self, waiting: Waiting = nullcontext) -> Iterator[BinaryIO]:
        """Its bytes, in any order; nothing of them is ever copied to a disk.

        Args:
            waiting: Entered while they are asked of a store.
        """
        with self.place.reading(self.name, waiting) as file:
            yield file

    @property
    def path(self) -> Path | None:
        """Where it lies, if it lies on a disk, which decoders read faster by themselves."""
        return self.place.root / self.name if isinstance(self.place, Folder) else None

    @property
    def words(self) -> dict[str, str | None]:
        """What another process makes it from, as JSON has it."""
        if isinstance(self.place, Folder):
            return {"folder": str(self.place.root), "name": self.name}
        return {"bucket": self.place.url, "endpoint": self.place.endpoint, "name": self.name}

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> "Source":
        """The source that has these `words`."""
        place: Place = (
            Folder(Path(words["folder"]))
            if "folder" in words
            else Bucket(words["bucket"], words["endpoint"])
        )
        return cls(place, words["name"])

    def file(self) -> File:
        """Its size and times as they are now; raises OSError where it is not there."""
        return self.place.file(self.name)


def _regular_file(path: Path) -> BinaryIO:
    # A pipe that is named like a video would be waited for without end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file; move it out of the folder of recordings")
    return os.fdopen(descriptor, "rb")


def _files(
    folder: str, name: str, begins: str, depth: int, root: Path, outside: bool
) -> Iterator[File]:
    try:
        entries = os.scandir(folder)
    except OSError as error:
        if error.errno not in _GONE:
            raise
        return
    with entries:
        for entry in entries:
            if not entry.name.startswith(begins) or entry.name in _OF_THE_DISK:
                continue
            try:
                # Asking where a path leads is slow, and only a link leads elsewhere.
                leaves = not _is_within(entry.path, root) if entry.is_symlink() else outside
                if depth and entry.is_dir():
                    below = f"{name}{entry.name}/"
                    yield from _files(entry.path, below, "", depth - 1, root, leaves)
                elif entry.is_file():
                    yield _file(name + entry.name, entry.stat(), leaves)
            except OSError as error:
                if error.errno not in _GONE:
                    raise


def _is_within(path: str, root: Path) -> bool:
    try:
        return Path(path).resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        # A link in a circle leads nowhere that is inside.
        return False


def _file(name: str, told: os.stat_result, outside: bool = False) -> File:
    modified_at = _second(told.st_mtime)
    later = told.st_ctime >= told.st_mtime + 1
    arrived_at = _second(told.st_ctime) if later else modified_at
    return File(name, min(told.st_size, MOST_BYTES), modified_at, arrived_at, outside)


def _why(failure: Exception) -> str | None:
    """What a store's client means, and what to do; None for what is none of its failures.

    Clients fail in types of their own, in words that may hold what they were given.
    """
    kind = type(failure)
    if isinstance(failure, PermissionError) or "Credentials" in kind.__name__:
        return (
            "the store does not let us; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
            "AWS_PROFILE, to keys that may list and read it"
        )
    if kind.__module__.partition(".")[0] in _CLIENTS or isinstance(failure, OSError):
        return (
            f"{kind.__name__}; is the store up, and are FOOTFALL_S3_ENDPOINT or AWS_ENDPOINT_URL, "
            "and AWS_REGION, right?"
        )
    return None


def _object(name: str, info: dict[str, Any]) -> File:
    # Writing an object is the only change there is.
    at = info["LastModified"].astimezone(dt.UTC).replace(microsecond=0)
    return File(name, int(info["size"]), at, at)


def _second(timestamp: float) -> dt.datetime:
    try:
        at = dt.datetime.fromtimestamp(int(timestamp), dt.UTC)
    except (OverflowError, ValueError, OSError):
        # A time that no calendar has: as good as none.
        return NEVER_SET
    # Mounts of buckets say 1970, archives and cameras without a clock 1980.
    return at if CLOCKS_SHOW[0] <= at < CLOCKS_SHOW[1] else NEVER_SET
