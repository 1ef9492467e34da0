"""Files that do something to whoever decodes them, once they have been read up to some place.

Belongs here: sources that are opened in the process that decodes, so that it really crashes, hangs
or fills its memory. Nothing heavy is imported, since that process imports this module.
"""

import ctypes
import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from vision.exports.waiting import Waiting
from vision.exports.wire import Kind, Message

Deed = Literal[
    "crash",
    "abort",
    "hang",
    "hang in C",
    "explode",
    "lie",
    "vanish",
    "stall",
    "stall and think",
    "stall and read",
    "ask often",
    "ask in circles",
    "ask for ever",
]


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
        yield _Trap(self.lies.read_bytes(), self.share, partial(_DEEDS[self.deed], waiting))


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


def _hang_in_c(_waiting: Waiting) -> None:
    # Holds the interpreter, as a decoder does that never comes back from a call.
    ctypes.PyDLL(None).sleep(3600)


def _lie(_waiting: Waiting) -> None:
    """Give a frame of the day before any, as a process does that was taken over."""
    # The socket has the number that it had where the host opened it.
    for descriptor in range(3, 1024):
        with suppress(OSError):
            os.write(descriptor, Message(Kind.FRAME, 0, 0, 1, 1).packed() + bytes(3))
    time.sleep(3600)


def _stall(_waiting: Waiting) -> None:
    """Be held by the kernel until somebody writes to the pipe, as by a mount that is away."""
    pipe = Path(os.environ["STALLED_BY"])
    if pipe.exists():
        told = [(os.POSIX_SPAWN_OPEN, 0, pipe, os.O_RDONLY, 0)]
        # Whoever starts a program is held until it runs, and this one opens the pipe before.
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}, file_actions=told), 0)


def _stall_and_think(waiting: Waiting) -> None:
    """Make something of what came when the stall was over, which takes three seconds."""
    if Path(os.environ["STALLED_BY"]).exists():
        _stall(waiting)
        time.sleep(3)


def _stall_and_read(_waiting: Waiting) -> None:
    """Be held by the kernel in one thread, and read in another, as from a disk that is slow."""
    threading.Thread(target=_stall_in_c, daemon=True).start()
    with Path("/dev/zero").open("rb", buffering=0) as endless:
        while endless.read(1):
            time.sleep(0.05)


def _stall_in_c() -> None:
    """As `_stall` does, but without holding the interpreter."""
    libc, actions, pid = ctypes.CDLL(None), ctypes.create_string_buffer(256), ctypes.c_int()
    libc.posix_spawn_file_actions_init(actions)
    pipe = os.fsencode(os.environ["STALLED_BY"])
    libc.posix_spawn_file_actions_addopen(actions, 0, pipe, os.O_RDONLY, 0)
    words = (ctypes.c_char_p * 2)(b"true", None)
    libc.posix_spawn(ctypes.byref(pid), b"/bin/true", actions, None, words, words)


def _ask_often(waiting: Waiting) -> None:
    """Ask the store for each piece, as whatever decodes from one that holds no blocks."""
    with waiting():
        time.sleep(0.01)
    time.sleep(0.02)


def _ask_in_circles(waiting: Waiting) -> None:
    """Read and read, as a demuxer does that seeks in circles, from a store that answers at once."""
    while True:
        with waiting():
            time.sleep(0.01)
        time.sleep(0.1)


def _ask_for_ever(waiting: Waiting) -> None:
    """Say again and again that the store is asked, as a process does that was taken over."""
    asked = []
    while True:
        asked.append(waiting())
        asked[-1].__enter__()
        time.sleep(0.5)


_DEEDS: dict[Deed, Callable[[Waiting], object]] = {
    "crash": lambda _: os.kill(os.getpid(), signal.SIGSEGV),
    "abort": lambda _: os.abort(),
    "hang": lambda _: time.sleep(3600),
    "hang in C": _hang_in_c,
    "explode": lambda _: bytearray(2**42),
    "lie": _lie,
    "stall": _stall,
    "stall and think": _stall_and_think,
    "stall and read": _stall_and_read,
    "ask often": _ask_often,
    "ask in circles": _ask_in_circles,
    "ask for ever": _ask_for_ever,
}
