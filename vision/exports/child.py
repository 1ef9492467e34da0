"""A child process that measures files, as its parent sees it.

Belongs here: starting it, asking it, noticing that it crashed, hangs or lies. Does not belong here:
what it does (`vision.exports.worker`), which file it is asked about (`vision.exports.pool`).
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time

from vision.processes import end, environment

_COMMAND = (sys.executable, "-P", "-m", "vision.exports.worker")
_LONGEST_ANSWER = 8 * 2**20
_START_S = 120.0
_GRACE_S = 5.0
"""The child's own alarm comes first; this is for one that has got rid of it."""


class Ended(Exception):  # noqa: N818 - an outcome, not a fault of the program
    """The child is no more; `signal` ended it, or nobody knows what (0)."""

    def __init__(self, ended_by: int) -> None:
        super().__init__(f"ended by signal {ended_by}")
        self.signal = ended_by


class Late(Ended):
    """It was killed, as it took longer than it may and no alarm of its own had ended it."""

    def __init__(self) -> None:
        super().__init__(signal.SIGALRM)


class Child:
    """One process of `vision.exports.worker`.

    Attributes:
        asked: Requests that it was sent and has not answered.
        answered: Requests that it has.

    Raises:
        ChildProcessError: It does not even start, for which no file is to blame.
    """

    def __init__(self, measure: str, memory_bytes: int) -> None:
        self.asked = self.answered = 0
        self._left = b""
        # Not multiprocessing: that would import the parent's main module once more, which may be
        # Dagster's or pytest's, and its children wait in each other's locks.
        self._process = subprocess.Popen(
            [*_COMMAND, measure, str(memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(OPENBLAS_NUM_THREADS="1"),
        )
        try:
            self.answer(_START_S)
        except Ended as ended:
            raise ChildProcessError(
                f"the process that measures files did not start ({ended}); run "
                f"`{' '.join(_COMMAND)} {measure} {memory_bytes}` to see why: it should say READY"
            ) from None

    def ask(self, request: bytes) -> None:
        """Send a line. That the child is gone is noticed when it does not answer."""
        assert self._process.stdin is not None
        self.asked += 1
        with contextlib.suppress(OSError):
            self._process.stdin.write(request)
            self._process.stdin.flush()

    def answer(self, seconds: float) -> bytes:
        """The next line of what it says.

        Args:
            seconds: How long it may take. A child that takes longer is killed.

        Raises:
            Ended: The child is gone; by SIGALRM, its own alarm, where a file took too long.
            Late: It is gone, because it took longer than `seconds`.
        """
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        until = time.monotonic() + seconds + _GRACE_S
        while b"\n" not in self._left:
            if not waiting.poll(max(0.0, until - time.monotonic()) * 1000):
                self.kill()
                raise Late
            piece = os.read(descriptor, 2**16)
            self._left += piece
            if not piece or len(self._left) > _LONGEST_ANSWER:
                raise self._ended()
        line, _, self._left = self._left.partition(b"\n")
        return line

    def done(self) -> None:
        """A request was answered."""
        self.asked -= 1
        self.answered += 1

    def stop(self) -> None:
        """End it at once, from any thread; whoever waits for its answer learns that it ended."""
        self._process.kill()

    def kill(self) -> None:
        """See `vision.processes.end`."""
        end(self._process)

    def _ended(self) -> Ended:
        try:
            # It has closed its output, so it is on its way out, or it is up to something.
            code = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            code = 0
        self.kill()
        return Ended(-code if code < 0 else 0)
