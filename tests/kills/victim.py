"""One run of one job in a process of its own, as `footfall run` starts it, to be killed.

Belongs here: what happens in the process that dies. Does not belong here: killing it from outside,
and what it leaves (`tests.kills.harness`).

    python -m tests.kills.victim JOB PARTITION [OPERATION]

Settings come from the environment, as the product's do. "begins" is written when everything is
imported and nothing done; at the end, how many file operations there were. With OPERATION the
process kills itself just before its file operation of that number: what a clock would hardly ever
meet, since a rename takes microseconds of a run's seconds.
"""

import os
import signal
import sys
from pathlib import Path

from assets.plan import SitePlan
from footfall_dagster.day import why_failed
from footfall_dagster.definitions import build_definitions
from footfall_dagster.instance import open_instance
from footfall_dagster.runs import QUIET, fail_dead_runs, process_tags
from footfall_dagster.sensors import missing_cameras
from footfall_dagster.settings import Settings
from vision.site.load import load_site

_CHANGES = frozenset(
    ("os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "os.utime")
)
"""Audit events of Python that change a folder; `open` is one where it may write."""


class _Operations:
    """Counts file operations below a folder; kills this process before the one of a number."""

    def __init__(self, folder: Path, fatal: int | None) -> None:
        self._folder = str(folder)
        self._fatal = fatal
        self.count = 0

    def __call__(self, event: str, details: tuple[object, ...]) -> None:
        writes = event == "open" and bool(_flags(details) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if not (writes or event in _CHANGES) or not str(details[0]).startswith(self._folder):
            return
        self.count += 1
        if self.count == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def _flags(details: tuple[object, ...]) -> int:
    return details[2] if isinstance(details[2], int) else 0


def main(job: str, partition: str, fatal: int | None) -> int:
    """Run `job` of `partition`; 0 where it succeeded."""
    settings = Settings()
    operations = _Operations(settings.home, fatal)
    print("begins", flush=True)  # noqa: T201
    sys.addaudithook(operations)
    plan = SitePlan(load_site(settings.site))
    with open_instance(settings) as instance:
        if missing := missing_cameras(plan, instance):
            instance.add_dynamic_partitions(plan.cameras.name or "", missing)
        fail_dead_runs(instance)
        result = (
            build_definitions(settings)
            .resolve_job_def(job)
            .execute_in_process(
                instance=instance,
                partition_key=partition,
                tags=process_tags(),
                run_config=QUIET,
                raise_on_error=False,
            )
        )
    for line in why_failed(partition, result):
        print(line, file=sys.stderr)  # noqa: T201
    print(operations.count, flush=True)  # noqa: T201
    return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else None))
