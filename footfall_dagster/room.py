"""Whether something failed for want of room on a disk.

Belongs here: telling it by an error of the operating system or of DuckDB. Does not belong here:
what to do about it; that says whoever was writing.
"""

import errno
import os

import duckdb

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def no_room(failed: OSError | duckdb.Error) -> str | None:
    """The reason in the operating system's words; None where it failed for another."""
    if isinstance(failed, OSError):
        return os.strerror(failed.errno) if failed.errno in _NO_ROOM else None
    # DuckDB has no number for it, and quotes the operating system.
    return next((told for told in map(os.strerror, _NO_ROOM) if told in str(failed)), None)
