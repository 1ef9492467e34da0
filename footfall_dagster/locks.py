"""Locks that the operating system frees when their holder dies, however it dies.

Belongs here: the lock and how one waits for it. Does not belong here: what is locked.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class LockTimeoutError(TimeoutError):
    """Somebody else held the lock for all the time that one was ready to wait."""


@contextmanager
def locked(
    path: Path,
    *,
    timeout_s: float,
    on_wait: Callable[[float], None] = lambda _waited_s: None,
) -> Iterator[None]:
    """Hold an exclusive lock on `path`.

    Args:
        path: A folder that exists, or a lock file, which is made where missing in one that does.
        timeout_s: How long to wait for another holder.
        on_wait: Called with the seconds waited so far, about every five seconds.

    Raises:
        FileNotFoundError: The folder is not there.
        LockTimeoutError: The lock was not free in time.
    """
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _acquire(descriptor, path, timeout_s, on_wait)
        yield
    finally:
        # Closing frees the lock.
        os.close(descriptor)


def _acquire(
    descriptor: int, path: Path, timeout_s: float, on_wait: Callable[[float], None]
) -> None:
    began = last_said = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = time.monotonic()
            if now - began > timeout_s:
                raise LockTimeoutError(
                    f"another process has held {path} for over {timeout_s:.0f} s; find it with "
                    f"`fuser {path}` and let it end, or stop it"
                ) from None
            if now - last_said > 5:
                last_said = now
                on_wait(now - began)
            time.sleep(0.05)
        else:
            return
