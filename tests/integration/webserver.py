"""Dagster's webserver and daemon as `footfall ui` starts them, for tests that need the real thing.

Belongs here: starting, asking and ending them. Does not belong here: the browser.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.plan import SitePlan
from footfall_dagster.settings import Settings
from vision.contracts_ingest import CAMERA_EXPORTS
from vision.site.load import load_site

HOST = "127.0.0.1"
PLAN = SitePlan(load_site(Settings.model_fields["site"].default))
STARTS_WITHIN_S, RUNS_WITHIN_S = 120, 180


@dataclass(frozen=True)
class Server:
    """A running webserver and daemon."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, query: str) -> Any:
        """Data that Dagster's GraphQL answers."""
        asked = urllib.request.Request(
            f"{self.url}/graphql",
            json.dumps({"query": query}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:
            said = json.load(answer)
        assert "errors" not in said, said["errors"]
        return said["data"]

    def cameras(self) -> list[str]:
        """Camera partitions that the code location has; none before it is loaded."""
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            key = json.dumps(PLAN.key(CAMERA_EXPORTS.name).path)
            asset = self.ask(
                f"{{assetNodeOrError(assetKey: {{path: {key}}}) "
                "{... on AssetNode {partitionKeysByDimension {name partitionKeys}}}}"
            )["assetNodeOrError"]
            dimensions = {
                one["name"]: one["partitionKeys"]
                for one in asset.get("partitionKeysByDimension", ())
            }
            return list(dimensions.get("camera", ()))
        return []

    def run_of(self, partition: str) -> dict[str, Any] | None:
        """Status and failures of the last run of a partition."""
        tag = json.dumps({"key": "dagster/partition", "value": partition})
        tag = tag.replace('"key"', "key").replace('"value"', "value")
        found = self.ask(
            f"{{runsOrError(filter: {{tags: [{tag}]}}, limit: 1) {{... on Runs {{results {{status "
            "eventConnection {events "
            "{... on ExecutionStepFailureEvent {stepKey error {message}}}}}}}}"
        )["runsOrError"]["results"]
        return found[0] if found else None

    def wait_for(self, what: str, is_so: Callable[[], bool], timeout_s: float) -> None:
        """Return as soon as `is_so`; fail with the end of the server's log if it never is."""
        ends = time.monotonic() + timeout_s
        while not is_so():
            assert self.process.poll() is None, f"the server has ended\n{self._last_words()}"
            assert time.monotonic() < ends, f"not {what} in {timeout_s} s\n{self._last_words()}"
            time.sleep(0.3)

    def wait_for_run(self, partition: str) -> None:
        """Return when the last run of `partition` has succeeded."""
        ended: dict[str, Any] = {}

        def has_ended() -> bool:
            run = self.run_of(partition)
            if run and run["status"] in {"SUCCESS", "FAILURE", "CANCELED"}:
                ended.update(run)
            return bool(ended)

        self.wait_for(f"through with {partition}", has_ended, RUNS_WITHIN_S)
        failures = [event for event in ended["eventConnection"]["events"] if event]
        assert ended["status"] == "SUCCESS", failures

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


@contextmanager
def serving(home: Path, prefix: Sequence[str] = ()) -> Iterator[Server]:
    """`footfall ui` on the example site, with nothing recorded: its camera-days are quick.

    Args:
        home: A folder of the test's own.
        prefix: A command that runs `footfall ui` for its arguments.
    """
    (home / "recordings").mkdir()
    inherited = {name: is_ for name, is_ in os.environ.items() if not name.startswith("FOOTFALL_")}
    port = _free_port()
    log = home / "ui.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*prefix, Path(sys.executable).with_name("footfall"), "ui", "--port", str(port)],
            env=inherited
            | {
                "FOOTFALL_HOME": str(home),
                "FOOTFALL_RECORDINGS": str(home / "recordings"),
                "DAGSTER_HOME": str(home / "dagster"),
            },
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = Server(f"http://{HOST}:{port}", process, log)
    try:
        started.wait_for(
            "every camera of the site file a partition",
            lambda: sorted(started.cameras()) == sorted(PLAN.site.camera_ids),
            STARTS_WITHIN_S,
        )
        yield started
    finally:
        # As Ctrl-C does; what has not ended by then is killed.
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])
