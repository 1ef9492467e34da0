"""Starting Python processes of our own.

Belongs here: what every one of them needs, wherever its parent was started. Does not belong here:
what they do, or for how long.
"""

import os
import sys
from pathlib import Path


def environment(**more: str) -> dict[str, str]:
    """Variables for a child that is to import what this process imports; `more` count more."""
    found = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    return os.environ | {"PYTHONPATH": found} | more
