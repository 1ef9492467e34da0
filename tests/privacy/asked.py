"""A process that asks search and audit about homes, and tells what they said and what it took.

Belongs here: the child of `test_hostile_input`. Does not belong here: its limits, or what is right.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from footfall_dagster.privacy.findings import Evidence
from tests.privacy.finished_home import Home
from tests.privacy.judging import audit_of, search_of


def _answer(ask: Callable[[], Evidence]) -> dict[str, Any]:
    began = time.monotonic()
    try:
        evidence = ask()
    except Exception as error:  # One that crashed on a file says nothing of the others.
        return {"passed": None, "crashed": repr(error)[:300]}
    return {
        "passed": evidence.passed,
        "findings": len(evidence.findings),
        "unread": len(evidence.unread),
        "seconds": round(time.monotonic() - began, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main(homes: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """Ask about every home: its folder, and the place in it that is to be searched."""
    cases = {}
    for name, (root, place) in homes.items():
        home = Home.at(Path(root))
        cases[name] = {
            "search": _answer(partial(search_of, home, home.folder(place))),
            "audit": _answer(partial(audit_of, home)),
        }
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"cases": cases, "resident_bytes": used}


if __name__ == "__main__":
    # Not before this process began: whoever starts it may have used more addresses already, and
    # then could not.
    most = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[2]))) + "\n")
