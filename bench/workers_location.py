"""The code location of `bench.workers`: the real one, with a detector of known cost."""

import os
import time
from collections.abc import Iterable, Iterator

from footfall_dagster.definitions import build_definitions
from footfall_dagster.settings import Settings
from vision.protocols import Boxes, Frame

COST = "BENCH_PROCESSOR_S"
"""Variable that says how many processor-seconds looking at a camera-day takes."""


class Burning:
    """Looks at nothing, finds nobody, and keeps one core busy for as long as it is told."""

    description = "burns processor time"

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        """No box of any frame."""
        for _ in frames:
            pass
        until = time.thread_time() + float(os.environ[COST])
        while time.thread_time() < until:
            sum(range(10_000))
        return iter(())


defs = build_definitions(Settings(), resources={"detector": Burning()})
