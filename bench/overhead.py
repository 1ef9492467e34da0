"""What orchestration costs: loading the definitions, an empty camera-day, its site-day.

Run: .venv/bin/python bench/overhead.py [--runs 5]. Prints medians of fresh processes, with the
span; times are of this machine and this moment. An empty camera-day has no recordings, so all that
is left is Dagster, the lake and the checks, on a SQLite instance as `make ui` uses.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence

LOAD = """
import json, time
began = time.perf_counter()
import footfall_dagster.code_location
print(json.dumps({"load the definitions": time.perf_counter() - began}))
"""

DAY = """
import json, sys, time
from collections import defaultdict
from pathlib import Path
import dagster as dg
from footfall_dagster.definitions import build_definitions
from footfall_dagster.runs import QUIET
from footfall_dagster.settings import Settings

home = Path(sys.argv[1])
(home / "recordings").mkdir()
(home / "dagster").mkdir()
definitions = build_definitions(Settings(home=home, recordings=home / "recordings"))
key = dg.MultiPartitionKey({"date": "2026-03-14", "camera": "cam_entrance"})
spent = defaultdict(float)
with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
    instance.add_dynamic_partitions("arcade_cameras", ["cam_entrance", "cam_shops"])
    for job, partition in (("camera_day", key), ("site_day", "2026-03-14")):
        began = time.perf_counter()
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance, partition_key=partition, run_config=QUIET
        )
        spent[f"{job}, empty, whole run"] = time.perf_counter() - began
        for event in result.all_events:
            if event.is_step_success:
                kind = "assets"
                if "stored" in event.step_key or "observed" in event.step_key:
                    kind = "contract and wall checks"
                elif "expect" in event.step_key:
                    kind = "Great Expectations"
                name = f"{job}, empty, {kind}"
                spent[name] += event.step_success_data.duration_ms / 1000
print(json.dumps(spent))
"""


def measure(code: str, *arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def table(rows: dict[str, Sequence[float]]) -> None:
    print(f"{'':44} {'median s':>9} {'min':>7} {'max':>7}")
    for name, values in rows.items():
        print(f"{name:44} {statistics.median(values):9.2f} {min(values):7.2f} {max(values):7.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="fresh processes for each figure")
    runs = parser.parse_args().runs
    rows: dict[str, list[float]] = {}
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as home:
            for name, value in (measure(LOAD) | measure(DAY, home)).items():
                rows.setdefault(name, []).append(value)
    table(rows)


if __name__ == "__main__":
    main()
