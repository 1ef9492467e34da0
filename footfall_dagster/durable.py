"""Making sure that what was placed in a folder is there after a power cut.

Belongs here: that one call. Does not belong here: which files are placed how.
"""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Wait until the names in `folder` are on the disk: syncing a file does not see to its name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
