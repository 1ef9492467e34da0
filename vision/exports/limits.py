"""What a process that meets untrusted bytes may use.

Belongs here: the limits, and how a process submits to them. Does not belong here: what it does
(`vision.exports.probe`, `vision.exports.decode`), or starting and stopping it.
"""

import contextlib
import os
import resource
from dataclasses import dataclass
from pathlib import Path

_SLOWEST = 1_000_000
_LONGEST_S = 4 * 3600.0
"""A file of nothing but a hole may claim any size."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost.

    Attributes:
        memory_bytes: Address space of the process that opens it.
        probe_s: Seconds to measure it, and a second more for each megabyte that it has,
            up to four hours.
        frame_s: Seconds from one decoded frame to the next.
        store_s: Seconds that a store or disk of recordings may take to answer, which are none of
            the others: longer than a store's client tries, so that the client gives up first.
    """

    memory_bytes: int = 3 * 2**30
    probe_s: float = 30.0
    frame_s: float = 30.0
    store_s: float = 1800.0

    def measuring_s(self, size_bytes: int) -> float:
        """Seconds that measuring a file of this size may take: whole nights are large."""
        return min(self.probe_s + size_bytes / _SLOWEST, max(self.probe_s, _LONGEST_S))


def submit(memory_bytes: int) -> None:
    """Keep this process to so much memory, without a core dump, and silent for ever.

    A core dump would hold pixels, and decoders print what they like. Where memory runs out all the
    same, the kernel is to end this process before any other.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
