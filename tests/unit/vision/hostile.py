"""Files that do something to whoever decodes them, once they have been read up to some place.

Belongs here: sources that are opened in the process that decodes, so that it really crashes, hangs
or fills its memory. Nothing heavy is imported, since that process imports this module.
"""

import ctypes
import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vision.exports.waiting import Waiting
from vision.exports.wire import Kind, Message

Deed = Literal["crash", "abort", "hang", "hang in C", "explode", "lie", "vanish", "stall"]


@dataclass(frozen=True, slots=True)
class Hostile:
    """The file at `lies`, good for the first `share` of its bytes."""

    lies: Path
    deed: Deed
    share: float = 0.5

    @property
    def path(self) -> None:
        return None

    @contextmanager
    def reading(self, waiting: Waiting = nullcontext) -> "Iterator[_Trap]":
        if self.deed == "vanish":
            raise FileNotFoundError(self.lies)
        yield _Trap(self.lies.read_bytes(), self.share, _DEEDS[self.deed])


class _Trap(io.BytesIO):
    def __init__(self, content: bytes, share: float, spring: Callable[[], object]) -> None:
        super().__init__(content)
        self._last = len(content) * share
        self._spring = spring

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > self._last:
            self._spring()
        # In small pieces, so that a few frames come before the end.
        return super().read(min(size or 0, 1024))


def _hang_in_c() -> None:
    # Holds the interpreter, as a decoder does that never comes back from a call.
    ctypes.PyDLL(None).sleep(3600)


def _lie() -> None:
    """Give a frame of the day before any, as a process does that was taken over."""
    # The socket has the number that it had where the host opened it.
    for descriptor in range(3, 1024):
        with suppress(OSError):
            os.write(descriptor, Message(Kind.FRAME, 0, 0, 1, 1).packed() + bytes(3))
    time.sleep(3600)


def _stall() -> None:
    """Be held by the kernel until somebody writes to the pipe, as by a mount that is away."""
    pipe = Path(os.environ["STALLED_BY"])
    if pipe.exists():
        told = [(os.POSIX_SPAWN_OPEN, 0, pipe, os.O_RDONLY, 0)]
        # Whoever starts a program is held until it runs, and this one opens the pipe before.
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}, file_actions=told), 0)


_DEEDS: dict[Deed, Callable[[], object]] = {
    "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "abort": os.abort,
    "hang": lambda: time.sleep(3600),
    "hang in C": _hang_in_c,
    "explode": lambda: bytearray(2**42),
    "lie": _lie,
    "stall": _stall,
}
