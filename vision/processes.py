"""Python processes of our own.

Belongs here: what every one of them needs, wherever its parent was started, and what holds one up.
Does not belong here: what they do, or for how long.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path


def environment(**more: str) -> dict[str, str]:
    """Variables for a child that is to import what this process imports; `more` count more."""
    found = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    return os.environ | {"PYTHONPATH": found} | more


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
