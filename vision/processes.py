"""Python processes of our own.

Belongs here: what every one of them needs, wherever its parent was started, what holds one up, and
the end of one. Does not belong here: what they do, or for how long.
"""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_DYING_S = 5.0
"""What the kernel may take to end a process."""


def environment(**more: str) -> dict[str, str]:
    """Variables for a child that is to import what this process imports; `more` count more."""
    found = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    return os.environ | {"PYTHONPATH": found} | more


def end(process: "subprocess.Popen[bytes]") -> None:
    """End it at once, and take its body away; one that the kernel holds is left to it."""
    process.kill()
    for pipe in (process.stdin, process.stdout):
        # What was still to be sent has nobody to go to.
        with suppress(OSError):
            if pipe is not None:
                pipe.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_DYING_S)


class DiskWatch:
    """Looks, now and then, whether the kernel holds a process until a disk or a mount answers."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._read: list[str] | None = None

    def is_held(self) -> bool:
        """Whether a thread waits, and nothing was read since the last look; not at the first.

        One that reads on, however slowly, waits at many a look as well. Where there is no /proc,
        nobody is held; where it does not say what was read, whoever waits is.
        """
        before, self._read = self._read, _read_so_far(self._pid)
        return before == self._read and _waits(self._pid)


def _read_so_far(pid: int) -> list[str]:
    """What a process has read, in the kernel's words, from whatever and from disks."""
    with suppress(OSError):
        told = (_PROC / str(pid) / "io").read_text().splitlines()
        return [line for line in told if line.startswith(("rchar:", "read_bytes:"))]
    return []


def _waits(pid: int) -> bool:
    """Whether a thread is in "uninterruptible sleep"."""
    with suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            # One that has ended meanwhile waits for nothing.
            with suppress(OSError):
                told = (task / "stat").read_text()
                # The name, in brackets, may hold anything.
                if told.rpartition(")")[2].split()[0] == "D":
                    return True
    return False
