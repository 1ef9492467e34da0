"""Where traits of people lie between `detections` and `tracks`: in memory, or sealed on disk.

Belongs here: holding them for one run, and their end, whichever way the run ends. Does not belong
here: what they are (`vision.traits`), or the purge that sweeps the vault as well
(`footfall_dagster.privacy.retention`).

A sealed file is chunks of AES-256-GCM under a key that is made for it and is nowhere but in the
memory of the process that holds it. The file's name says nothing. Its holder keeps a lock on it,
which the operating system frees however the holder dies: a sealed file that nobody holds has no key
any more, and whoever comes by deletes it.
"""

import fcntl
import hashlib
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall_dagster.locks import locked
from footfall_dagster.privacy import wall
from footfall_dagster.privacy.findings import Evidence, Finding
from vision.traits import Destroyed, Traits, Vectors

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SEALED = re.compile(r"[0-9a-f]{32}\.sealed")
"""Names of files in the vault; anything else in it is a stranger."""
_KEY_BYTES = 32
_TAG_BYTES = 16
_ROWS_A_CHUNK = 4096
_PATIENCE_S = 30.0


class SpoiledVault(Exception):  # noqa: N818 - says what it is
    """Somebody has changed or cut a sealed file."""


class Pile(Protocol):
    """Rows of figures, added one batch after the other and looked at together."""

    def add(self, rows: Vectors) -> None:
        """Take a batch; every batch has as many columns as the first."""
        ...

    def together(self) -> Vectors:
        """All rows in the order in which they were added."""
        ...

    def destroy(self) -> Destroyed:
        """Forget them; arrays that `together` gave out are overwritten too."""
        ...


class InMemory:
    """A pile in this process's memory."""

    def __init__(self) -> None:
        self._batches: list[Vectors] = []

    def add(self, rows: Vectors) -> None:
        """See `Pile`."""
        self._batches.append(rows)

    def together(self) -> Vectors:
        """See `Pile`."""
        if len(self._batches) > 1:
            whole = np.concatenate(self._batches)
            _overwrite(self._batches)
            self._batches = [whole]
        return self._batches[0] if self._batches else np.empty((0, 0), dtype=np.float32)

    def destroy(self) -> Destroyed:
        """See `Pile`."""
        gone = Destroyed(
            sum(len(batch) for batch in self._batches), sum(batch.nbytes for batch in self._batches)
        )
        _overwrite(self._batches)
        self._batches = []
        return gone


class Sealed:
    """A pile in an encrypted file of `folder`; at most some thousand rows are in clear memory.

    That holds until `together` is called.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clear: list[Vectors] = []
        self._opened: list[Vectors] = []
        self._chunks: list[int] = []
        self._columns = 0
        self._bytes = 0
        self._key = bytearray(_KEY_BYTES)
        self._file: BinaryIO | None = None

    def add(self, rows: Vectors) -> None:
        """See `Pile`."""
        self._clear.append(rows)
        if sum(len(batch) for batch in self._clear) >= _ROWS_A_CHUNK:
            self._seal()

    def together(self) -> Vectors:
        """See `Pile`.

        Raises:
            SpoiledVault: The file is not what was written.
        """
        self._seal()
        whole = np.empty((sum(self._chunks), self._columns), dtype=np.float32)
        self._opened.append(whole)
        if self._file is None:
            return whole
        self._file.seek(0)
        row = 0
        for number, rows in enumerate(self._chunks):
            clear = whole[row : row + rows].reshape(-1).view(np.uint8)
            self._decrypt(number, self._file.read(clear.size + _TAG_BYTES), clear)
            row += rows
        return whole

    def destroy(self) -> Destroyed:
        """See `Pile`. The key goes first: whatever fails after that, nothing can be read."""
        self._key[:] = bytes(_KEY_BYTES)
        gone = Destroyed(sum(self._chunks) + sum(len(batch) for batch in self._clear), self._bytes)
        _overwrite([*self._clear, *self._opened])
        if self._file is not None:
            Path(self._file.name).unlink(missing_ok=True)
            self._file.close()
        return gone

    def _decrypt(self, number: int, content: bytes, clear: NDArray[np.uint8]) -> None:
        from cryptography.exceptions import InvalidTag

        try:
            if len(content) != clear.size + _TAG_BYTES:
                raise InvalidTag
            # A cipher keeps a copy of its key, so no cipher is kept.
            _cipher(self._key).decrypt_into(_nonce(number), content, None, clear.data)
        except InvalidTag:
            raise SpoiledVault(
                f"chunk {number} of a sealed file is not what was written; find out who writes to "
                "the vault, then launch the camera-day again"
            ) from None

    def _seal(self) -> None:
        if not self._clear:
            return
        if self._file is None:
            self._file = self._begun()
        rows = np.ascontiguousarray(np.concatenate(self._clear), dtype=np.float32)
        content = _cipher(self._key).encrypt(
            _nonce(len(self._chunks)), rows.reshape(-1).view(np.uint8).data, None
        )
        self._file.write(content)
        self._file.flush()
        self._bytes += len(content)
        self._chunks.append(len(rows))
        self._columns = rows.shape[1]
        _overwrite([*self._clear, rows])
        self._clear = []

    def _begun(self) -> BinaryIO:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Straight into our own buffer: of a value that a call returns, a copy would stay behind.
        with Path("/dev/urandom").open("rb", buffering=0) as source:
            if source.readinto(self._key) != _KEY_BYTES:
                raise OSError("the system gave no random bytes for a key; try again")
        path = self._folder / f"{uuid.uuid4().hex}.sealed"
        # So that no sweep comes between the file and the lock on it.
        with locked(self._folder, timeout_s=_PATIENCE_S):
            file = path.open("x+b")
            path.chmod(0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
        return file


class TraitsOfRun:
    """The traits of one camera-day at a time; see `vision.traits.TraitHolder`.

    Lives as long as a run: what another run or process asks for is not there.

    Args:
        new_pile: Where the traits of a camera-day are put.
    """

    def __init__(self, new_pile: Callable[[], Pile]) -> None:
        self._new_pile = new_pile
        self._pile = new_pile()
        self._camera_day = ""
        self._belongs_to = ""
        self._kept: NDArray[np.bool_] | None = None
        self._appearance_columns = 0

    def begin(self, camera_day: str) -> None:
        """See `vision.traits.TraitHolder`."""
        self.destroy()
        self._camera_day = camera_day

    def add(self, traits: Traits) -> None:
        """See `vision.traits.TraitHolder`."""
        self._appearance_columns = traits.appearance.shape[1]
        self._pile.add(np.hstack([traits.appearance, traits.guesses]))

    def seal(self, detections: pl.DataFrame, kept: NDArray[np.bool_] | None = None) -> None:
        """See `vision.traits.TraitHolder`."""
        self._belongs_to = _fingerprint(detections)
        self._kept = kept

    def take(self, camera_day: str, detections: pl.DataFrame) -> Traits | None:
        """See `vision.traits.TraitHolder`."""
        asked = (camera_day, _fingerprint(detections))
        if asked != (self._camera_day, self._belongs_to):
            return None
        rows = self._pile.together()
        if self._kept is not None:
            if len(rows) != len(self._kept):
                return None
            # In place, and therefore once: a copy would not be overwritten with the pile.
            for number, row in enumerate(np.flatnonzero(self._kept)):
                rows[number] = rows[row]
            rows, self._belongs_to = rows[: int(self._kept.sum())], ""
        if len(rows) != detections.height:
            return None
        return Traits(rows[:, : self._appearance_columns], rows[:, self._appearance_columns :])

    def destroy(self) -> Destroyed:
        """See `vision.traits.TraitHolder`."""
        self._camera_day = self._belongs_to = ""
        self._kept = None
        gone = self._pile.destroy()
        self._pile = self._new_pile()
        return gone


@contextmanager
def traits_of_run(folder: Path, *, vault: bool) -> Iterator[TraitsOfRun]:
    """A holder that is destroyed when the run ends, well or not.

    Args:
        folder: The vault; what nobody holds in it is deleted first, whatever the site asks for now.
        vault: Whether traits are sealed on disk instead of kept in memory.
    """
    swept(folder)
    holder = TraitsOfRun(partial(Sealed, folder) if vault else InMemory)
    try:
        yield holder
    finally:
        holder.destroy()


def swept(folder: Path) -> Evidence:
    """Delete every sealed file that no living process holds; report what is not the vault's.

    `files` and `bytes` are of what was deleted. A file that is held is left alone: no finding.
    """
    began = time.monotonic()
    deleted: list[int] = []
    strangers: list[Finding] = []
    if folder.is_dir():
        with locked(folder, timeout_s=_PATIENCE_S):
            for path in sorted(folder.iterdir()):
                if not _may_be_ours(path):
                    place = f"file {len(strangers) + 1} that is none of the vault's"
                    strangers.append(Finding("vault/*", place, "not on the list", 1.0))
                elif not _held(path):
                    deleted.append(path.stat().st_size)
                    path.unlink()
    return Evidence(
        check="vault_swept",
        scope="sealed files without a living holder",
        files=len(deleted),
        bytes=sum(deleted),
        rows=0,
        seconds=time.monotonic() - began,
        findings=tuple(strangers),
    )


def _may_be_ours(path: Path) -> bool:
    return SEALED.fullmatch(path.name) is not None and path.is_file() and not path.is_symlink()


def _held(path: Path) -> bool:
    """Whether a living process holds the file."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _cipher(key: bytearray) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _nonce(number: int) -> bytes:
    # Each key seals one file, so a count of its chunks never repeats; and it says their order.
    return number.to_bytes(12, "big")


def _overwrite(arrays: list[Vectors]) -> None:
    for array in arrays:
        if array.flags.writeable:
            array.fill(0)


def _fingerprint(detections: pl.DataFrame) -> str:
    return hashlib.sha256(wall.encode(detections)).hexdigest()
