"""What a command costs: wall time, time of all processors, largest memory.

Belongs here: measuring a process and all that it starts, as benches need it that hold programs
against each other. Does not belong here: what is measured. Linux only, for what /proc tells.
"""

import contextlib
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_S = 0.1


class CommandFailed(RuntimeError):  # noqa: N818 - says what happened
    """A command ended with an error; the message is the last that it said."""


@dataclass(frozen=True)
class Spent:
    """What a command took.

    Attributes:
        wall_s: From its start to its end.
        processor_s: Of it and of all that it started and waited for.
        megabytes: The most that it and what it had started held at one moment, memory that they
            share counted for each of them.
    """

    wall_s: float
    processor_s: float
    megabytes: float


def spent_by(command: Sequence[str], environment: Mapping[str, str]) -> Spent:
    """Run a command to its end; what it prints is dropped. One at a time.

    Raises:
        CommandFailed: It ended with an error.
    """
    largest, used, began = 0.0, children_s(), time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=said, text=True
        )
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_SAMPLE_S)
                    break
                largest = max(largest, sum(map(_high_water_mb, _with_descendants(process.pid))))
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall_s, processor_s = time.perf_counter() - began, children_s() - used
        if process.returncode:
            said.seek(0)
            lines = said.read().strip().splitlines() or [f"ended with {process.returncode}"]
            raise CommandFailed(lines[-1])
    return Spent(wall_s, processor_s, largest)


def held_mb(pid: int) -> float:
    """What a process and all that it has started hold at this moment, megabytes."""
    return sum(_status_mb(one, "VmRSS") for one in _with_descendants(pid))


def children_s() -> float:
    """Processor-seconds of everything that this process has started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _with_descendants(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        # Whoever has ended meanwhile has no more children.
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                yield from _with_descendants(int(child))


def _high_water_mb(pid: int) -> float:
    """Most memory a process ever held, so that nothing is missed between two looks.

    Not `ru_maxrss`, which a process takes over from the one that starts it.
    """
    return _status_mb(pid, "VmHWM")


def _status_mb(pid: int, what: str) -> float:
    # Whoever has ended meanwhile holds nothing.
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) / 1024
    return 0.0
