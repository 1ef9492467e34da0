"""Making sure that what was placed in a folder is there after a power cut.

Belongs here: placing a text whole or not at all. Does not belong here: which files hold what.
"""

import os
import uuid
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Wait until the names in `folder` are on the disk: syncing a file does not see to its name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def place_text(path: Path, text: str) -> None:
    """Store a text in place of the one before, whole or not at all.

    The caller is the only writer in the folder, which is made where it is not there: what a writer
    left that was killed is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(".*.tmp"):
        leftover.unlink()
    aside = path.parent / f".{uuid.uuid4().hex}.tmp"
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)
