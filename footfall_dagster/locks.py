"""Locks that are freed when their holder dies, however it dies.

Belongs here: the lock and how one waits for it. Does not belong here: what is locked.

What lies in a folder is locked by the operating system. Of what lies in a bucket several machines
may be writers, so PostgreSQL holds the lock for as long as its holder stays connected.
"""

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall_dagster.settings import Settings
from footfall_dagster.store import StorePath

if TYPE_CHECKING:
    from psycopg2.extensions import connection

_PAUSE_S = 0.05
_PAUSE_BETWEEN_MACHINES_S = 0.25
KEEPALIVES: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""So that both sides notice within half a minute when a machine is gone without a word."""


class LockTimeoutError(TimeoutError):
    """Somebody else held the lock for all the time that one was ready to wait."""


class LockLostError(RuntimeError):
    """The connection that held a lock broke, so somebody else may have come in between."""


@contextmanager
def locked(
    path: StorePath,
    *,
    timeout_s: float,
    on_wait: Callable[[float], None] = lambda _waited_s: None,
) -> Iterator[None]:
    """Hold an exclusive lock on `path`.

    Args:
        path: A folder that exists, or a lock file, which is made where missing in one that does;
            or anything in a bucket.
        timeout_s: How long to wait for another holder.
        on_wait: Called with the seconds waited so far, about every five seconds.

    Raises:
        FileNotFoundError: The folder is not there.
        LockTimeoutError: The lock was not free in time.
        LockLostError: It is of something in a bucket and was lost meanwhile; do all again.
    """
    if not isinstance(path, Path):
        with _locked_for_all(str(path), timeout_s, on_wait):
            yield
        return
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
    def is_ours() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    if not _waited(is_ours, timeout_s, on_wait, _PAUSE_S):
        raise LockTimeoutError(
            f"another process has held {path} for over {timeout_s:.0f} s; find it with "
            f"`fuser {path}` and let it end, or stop it"
        )


@contextmanager
def _locked_for_all(
    name: str, timeout_s: float, on_wait: Callable[[float], None]
) -> Iterator[None]:
    import psycopg2

    with closing(_Advisory(name)) as advisory:
        if not _waited(advisory.is_ours, timeout_s, on_wait, _PAUSE_BETWEEN_MACHINES_S):
            raise LockTimeoutError(advisory.trouble(timeout_s))
        yield
        try:
            advisory.ask("SELECT 1")
        except psycopg2.Error as error:
            raise LockLostError(
                f"PostgreSQL (FOOTFALL_CATALOG) broke the connection that held the lock on {name} "
                f"({type(error).__name__}); run this again"
            ) from None


class _Advisory:
    """A lock of PostgreSQL's on a name, and the connection on whose life it hangs."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._connection: connection | None = None
        self._why = ""

    def is_ours(self) -> bool:
        """Try to take it; False also where PostgreSQL does not answer for now."""
        import psycopg2

        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg2.connect(
                    Settings().catalog_dsn,
                    application_name=f"footfall {socket.gethostname()} {os.getpid()}",
                    connect_timeout=5,
                    **KEEPALIVES,
                )
                self._connection.autocommit = True
            self._why = ""
            asked = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
            return bool(self.ask(asked, self._name))
        except psycopg2.OperationalError as error:
            # Its words may quote the address with all that stands in it.
            self._why = type(error).__name__
            self.close()
            return False

    def ask(self, query: str, *values: str) -> Any:
        """The first value of what a query gives."""
        assert self._connection is not None
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            row = cursor.fetchone()
        return row and row[0]

    def trouble(self, timeout_s: float) -> str:
        """Why it could not be had, and what to do."""
        if self._why:
            return (
                f"PostgreSQL (FOOTFALL_CATALOG), which holds the lock on {self._name}, has not "
                f"answered for {timeout_s:.0f} s ({self._why}); see that it runs and that this "
                "machine may reach it, then run this again"
            )
        return (
            f"another run has held {self._name} for over {timeout_s:.0f} s; find it with SELECT "
            "application_name FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = "
            "'advisory', and let it end, or stop it"
        )

    def close(self) -> None:
        """Give it back, if it is held."""
        import psycopg2

        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None


def _waited(
    is_ours: Callable[[], bool], timeout_s: float, on_wait: Callable[[float], None], pause_s: float
) -> bool:
    """Ask until it is ours, or for as long as one was ready to wait."""
    began = last_said = time.monotonic()
    while not is_ours():
        now = time.monotonic()
        if now - began > timeout_s:
            return False
        if now - last_said > 5:
            last_said = now
            on_wait(now - began)
        time.sleep(pause_s)
    return True
