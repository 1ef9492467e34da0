"""Python processes of our own.

Belongs here: what every one of them needs, wherever its parent was started, what holds one up, and
the end of one. Does not belong here: what they do, or for how long.
"""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

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


def waits_for_disk(pid: int) -> bool:
    """Whether the kernel holds a thread of a process until a disk, or a mount, has answered.

    Threads in "uninterruptible sleep" are; where there is no /proc, nobody knows.
    """
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            told = (task / "stat").read_text()
            # The name, in brackets, may hold anything.
            if told.rpartition(")")[2].split()[0] == "D":
                return True
    return False
