"""The process that decodes: the files of one camera-day, within limits, for whoever started it.

Belongs here: taking a task from a socket and answering with frames. Does not belong here: what is
done when it does not answer (`vision.exports.decode_host`).

Untrusted bytes meet decoders here. If one crashes or hangs, this process dies and the file is given
up. Pixels leave it through an unnamed socket only, and a socket that is full holds it back, so it
is never more than a frame ahead.
"""

import ctypes
import os
import pickle
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from vision.exports.limits import submit
from vision.exports.reading import Reading
from vision.exports.wire import LENGTH, OF_THE_STORE, Kind, Message

_SECONDS_BETWEEN_SIGNS = 0.25
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is to do.

    Attributes:
        readings: In order of time, none overlapping another.
        fps: Analysed rate, frames per second of recorded time.
        memory_bytes: As in `vision.exports.limits.Limits`.
    """

    readings: Sequence[Reading]
    fps: float
    memory_bytes: int


def main() -> None:
    """Work through the task that comes by the socket whose descriptor is the one argument."""
    _end_with_host()
    # Whoever presses Ctrl-C in a terminal presses it for every process of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    host = int(sys.argv[1])
    with open(host, "rb", closefd=False) as told:
        (length,) = LENGTH.unpack(told.read(LENGTH.size))
        task: Task = pickle.loads(told.read(length))
    # Where nobody wants the rest, nobody gets it.
    with suppress(ConnectionError):
        _answer(host, task)
    # Threads of a decoder that went wrong may never end by themselves.
    os._exit(0)


def _end_with_host() -> None:
    """Let the kernel kill this process when the thread that started it ends, in whatever way.

    Where a kernel cannot, the process ends at the next frame that nobody takes.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _answer(host: int, task: Task) -> None:
    from vision.exports.decode import RecordingAbsent, chosen_frames

    said = 0.0

    def say(message: Message) -> None:
        nonlocal said
        now = time.monotonic()
        if message.kind is not Kind.ALIVE or now - said > _SECONDS_BETWEEN_SIGNS:
            _write(host, message.packed())
            # A store that is asked often would else keep all signs of life back.
            said = said if message.kind in OF_THE_STORE else now

    say(Message(Kind.READY))
    submit(task.memory_bytes)
    try:
        for number, at_us, pixels in chosen_frames(task.readings, task.fps, say):
            say(Message(Kind.FRAME, number, at_us, *pixels.shape[:2]))
            _write(host, pixels.data.cast("B"))
    except RecordingAbsent as absent:
        say(Message(Kind.ABSENT, absent.reading))
    else:
        say(Message(Kind.END))


def _write(host: int, content: bytes | memoryview) -> None:
    # Not `send`: who watches which process calls on the network need see nothing of this.
    left = memoryview(content)
    while left:
        left = left[os.write(host, left) :]


if __name__ == "__main__":
    main()
