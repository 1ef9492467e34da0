"""Files that do to the process that measures them what a broken decoder would do."""

import contextlib
import os
import signal
import time
from pathlib import Path

from vision.exports.container import Media
from vision.exports.probe import VideoProbe, probe

MEASURE = f"{__name__}:measure"


_poisoned = []


def measure(media: Media) -> VideoProbe:
    assert isinstance(media, Path)
    if _poisoned:
        os.kill(os.getpid(), signal.SIGSEGV)
    match media.read_bytes()[:16].strip():
        case b"crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"poison":
            # Memory is corrupt from now on, and whoever comes next will meet it.
            _poisoned.append(media)
        case b"hang":
            time.sleep(3600)
        case b"explode":
            held = []
            while True:
                held.append(bytes(2**24))
        case b"out of memory":
            # What the kernel does where limits were too generous.
            os.kill(os.getpid(), signal.SIGKILL)
        case b"lie":
            for descriptor in range(3, 16):
                with contextlib.suppress(OSError):
                    os.write(descriptor, b'{"video": {"width": "wide"}}\n')
        case b"raise":
            raise ZeroDivisionError("somewhere in a library")
    return probe(media)
