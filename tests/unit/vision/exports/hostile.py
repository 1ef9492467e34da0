"""Files that do to the process that measures them what a broken decoder would do."""

import contextlib
import os
import signal
import time
from pathlib import Path

from vision.exports.container import Media
from vision.exports.probe import VideoProbe, probe

MEASURE = f"{__name__}:measure"


_LIES = {
    b"lie": b'{"video": {"width": "wide"}}\n',
    b"babble": b"[]\n",
    b"rave": b"[" * 50_000 + b"\n",
    b"blame": b'{"storage": "secret"}\n',
    b"boast": b"".join(
        (
            b'{"video": {"width": 0, "height": 48, "codec": "h264", "declared_fps": null, ',
            b'"frames": 1, "delivered_fps": 1.0, "stretches": [[0.0, 1.0]], "container_at": null, ',
            b'"onvif_at": null}}\n',
        )
    ),
}
"""What a process says that has been taken over."""

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
        case kind if kind in _LIES:
            for descriptor in range(3, 16):
                with contextlib.suppress(OSError):
                    os.write(descriptor, _LIES[kind])
        case b"raise":
            raise ZeroDivisionError("somewhere in a library")
    return probe(media)
