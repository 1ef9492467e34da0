"""Frames of a camera-day, decoded in a process of their own that may crash, hang or explode.

Belongs here: starting that process, taking its frames, giving up what it cannot read. Does not
belong here: what it does (`vision.exports.decode_worker`).

It decodes the next frame while a detector looks at this one, so the process costs no time.
"""

import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from vision.exports.decode_worker import Task
from vision.exports.limits import Limits
from vision.exports.reading import Reading
from vision.exports.wire import HEADER_BYTES, LENGTH, LOSSES, OF_THE_STORE, Kind, Loss, Message
from vision.processes import DiskWatch, end, environment
from vision.protocols import Frame, Image

OnLoss = Callable[[str, Loss], None]
"""Takes the name of a file that is given up, or the rest of it, and why."""

_START_S = 120.0
"""What Python and FFmpeg may take to load on a machine that is busy."""
_LOOK_S = 1.0
"""Between two looks at a process that says nothing."""
_FRUGAL = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Each thread of a decoder would reserve address space that nobody uses and the limit counts."""


class RecordingGone(OSError):  # noqa: N818 - says what it is
    """A file of the catalogue cannot be opened any more."""


def decoded_frames(
    readings: Sequence[Reading], fps: float, limits: Limits, on_loss: OnLoss
) -> Iterator[Frame]:
    """Yield the frames of `readings` nearest to a grid of `fps` points a second.

    Where a file crashes its decoder, hangs it, or takes more memory than it may, the rest of the
    file is given up and a new process goes on with the next one.

    Args:
        readings: In order of time, none overlapping another.
        fps: Analysed rate, frames per second of recorded time.
        limits: What one file may cost.
        on_loss: Told of each file that is given up; of one that fails often, often.

    Raises:
        RecordingGone: A file cannot be opened at all, or its store does not answer, which is a
            mount or a store that is away rather than a bad file.
        RuntimeError: The process does not start.
    """
    remaining = list(readings)
    while remaining:
        with _Worker(Task(remaining, fps, limits.memory_bytes), limits) as worker:
            yield from worker.frames(on_loss)
        if worker.failed is None:
            return
        bad = remaining[worker.reading]
        on_loss(bad.stretch.file_name, worker.failed)
        # What comes later of the same file lies behind the place that it failed at.
        remaining = [
            one
            for one in remaining[worker.reading + 1 :]
            if one.stretch.file_name != bad.stretch.file_name
        ]


class _Worker:
    """One life of the process.

    Attributes:
        reading: Number of the reading that it was last heard of with.
        failed: Why it ended before its task did; None where it did not.
    """

    def __init__(self, task: Task, limits: Limits) -> None:
        self._task = task
        self._limits = limits
        self._waits = False
        self.reading = 0
        self._next_us = 0
        self.failed: Loss | None = None

    def __enter__(self) -> "_Worker":
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "vision.exports.decode_worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment(**_FRUGAL),
            )
        self._disk = DiskWatch(self._process.pid)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        end(self._process)

    def frames(self, on_loss: OnLoss) -> Iterator[Frame]:
        """Every frame until the task is done or the process is."""
        self._start()
        try:
            while (message := self._heard()).kind is not Kind.END:
                name = self._task.readings[message.reading].stretch.file_name
                # A frame of one file may be chosen when the next one is open already.
                self.reading = max(self.reading, message.reading)
                match message.kind:
                    case Kind.FRAME:
                        stretch = self._task.readings[message.reading].stretch
                        earliest = max(stretch.begins_us, self._next_us)
                        if not earliest <= message.value < stretch.ends_us:
                            raise ValueError("a frame of another time")
                        self._next_us = message.value + 1
                        image: Image = np.empty((message.height, message.width, 3), np.uint8)
                        self._receive(image.data.cast("B"))
                        yield Frame(message.value, image)
                        # Whoever had it took time that is not this process's.
                        self._begin(self._limits.frame_s)
                    case Kind.LOST:
                        on_loss(name, LOSSES[message.value])
                    case Kind.ABSENT:
                        raise RecordingGone(
                            f"{name} is in the catalogue and cannot be opened any more; bring "
                            "the folder or bucket of recordings back, or materialise "
                            "camera_exports again"
                        )
        except TimeoutError:
            self.failed = "took_too_long"
        except (ConnectionError, ValueError, IndexError):
            self.failed = "decoder_crashed"

    def _start(self) -> None:
        task = pickle.dumps(self._task)
        self._socket.settimeout(_START_S)
        try:
            self._socket.sendall(LENGTH.pack(len(task)) + task)
            self._begin(_START_S)
            if self._heard().kind is Kind.READY:
                return
        except (OSError, ValueError):
            pass
        raise RuntimeError(
            "the process that decodes does not start; what it printed says why: see that "
            f"`{sys.executable} -c 'import vision.exports.decode'` works"
        )

    def _heard(self) -> Message:
        """The next message; only what shows that work goes on begins the clock anew.

        Raises:
            TimeoutError: The file has taken longer than a frame may.
            RecordingGone: The store or disk has.
        """
        header = bytearray(HEADER_BYTES)
        self._receive(memoryview(header))
        message = Message.unpacked(bytes(header))
        if message.kind in OF_THE_STORE:
            self._passed(self._waits)
        else:
            self._begin(self._limits.frame_s)
        # One that lies on a disk is asked of no store, whatever a process says that was taken over.
        self._waits = (
            message.kind is Kind.WAITS and self._task.readings[message.reading].source.path is None
        )
        return message

    def _begin(self, patience_s: float) -> None:
        self._clock = _Clock(patience_s, self._limits.store_s)

    def _passed(self, is_held: bool) -> None:
        try:
            self._clock.passed(is_held)
        except _StoreIsLate:
            name = self._task.readings[self.reading].stretch.file_name
            raise RecordingGone(
                f"the bucket or disk of recordings has given no frame of {name} in "
                f"{self._limits.store_s:g} s of waiting for it; see that it is up, then run the "
                "camera-day again"
            ) from None

    def _receive(self, buffer: memoryview) -> None:
        while buffer:
            self._socket.settimeout(self._clock.until_look_s)
            try:
                received = self._socket.recv_into(buffer)
            except TimeoutError:
                self._passed(self._waits or self._disk.is_held())
                continue
            if not received:
                raise ConnectionResetError
            buffer = buffer[received:]
            if buffer:
                self._passed(self._waits)


class _StoreIsLate(Exception):  # noqa: N818 - says what it is
    pass


class _Clock:
    """What a process has taken since it last got on: time of the file's, and of its store's."""

    def __init__(self, patience_s: float, store_s: float) -> None:
        self._file_left_s, self._store_left_s = patience_s, store_s
        self._looked_at = time.monotonic()

    @property
    def until_look_s(self) -> float:
        """When to look again at the latest."""
        return max(0.001, min(_LOOK_S, self._file_left_s, self._store_left_s))

    def passed(self, is_held: bool) -> None:
        """Count the time since the last look.

        Args:
            is_held: Whether the process has waited for its store, or been held until a disk
                answers.

        Raises:
            TimeoutError: The file has had its time.
            _StoreIsLate: The store or disk has.
        """
        now = time.monotonic()
        passed_s, self._looked_at = now - self._looked_at, now
        if is_held:
            self._store_left_s -= passed_s
        else:
            self._file_left_s -= passed_s
        if self._file_left_s <= 0:
            raise TimeoutError
        if self._store_left_s <= 0:
            raise _StoreIsLate
