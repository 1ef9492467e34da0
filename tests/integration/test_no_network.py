"""Nothing phones home: a whole day without any network, and no call that leaves the loopback."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest
import yaml

from footfall_dagster.instance import open_instance
from footfall_dagster.settings import Settings
from tests.integration.network import Calls, recorded_in, without_network
from tests.integration.webserver import serving
from vision.quiet import ENVIRONMENT
from vision.simulate import simulate
from vision.site.load import load_site

DAY = dt.date(2026, 3, 14)
ARCADE = Path("examples/arcade")
HALF_A_MINUTE = 0.5
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
NOWHERE, NOWHERE_6 = "192.0.2.1", "2001:db8::1"
"""Addresses that are kept for documentation: nobody has them."""
CALLS_OUT = {
    "connect of a datagram socket": f"socket(AF_INET, SOCK_DGRAM).connect(('{NOWHERE}', 9))",
    "connect of a stream": f"socket(AF_INET, SOCK_STREAM).connect_ex(('{NOWHERE}', 443))",
    "connect to an address of version 6": f"socket(AF_INET6).connect_ex(('{NOWHERE_6}', 443))",
    "a datagram without a connect": f"socket(AF_INET, SOCK_DGRAM).sendto(b'x', ('{NOWHERE}', 9))",
    "a message without a connect": (
        f"socket(AF_INET, SOCK_DGRAM).sendmsg([b'x'], (), 0, ('{NOWHERE}', 9))"
    ),
    "a name looked up": "getaddrinfo('footfall.invalid', 80)",
    "native code": (
        "import ctypes; ctypes.CDLL(None).connect(socket(AF_INET, SOCK_DGRAM).fileno(), "
        f"b'\\x02\\x00\\x00\\x09' + inet_aton('{NOWHERE}') + bytes(8), 16)"
    ),
    "a thread": (
        "import threading; threading.Thread(target=socket(AF_INET).connect_ex, "
        f"args=[('{NOWHERE}', 443)]).start()"
    ),
    "a child": (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', "
        f"\"from socket import *; socket(AF_INET).connect_ex(('{NOWHERE}', 443))\"])"
    ),
}


def environment(home: Path, weights: Path) -> dict[str, str]:
    """As a person has it whose home is empty; `CI` would keep some libraries quiet by itself."""
    (home / "user").mkdir(parents=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {*ENVIRONMENT, "CI", "TF_BUILD", "JENKINS_URL"}
        and not name.startswith(("FOOTFALL_", "DAGSTER_", "YOLO_", "XDG_"))
    }
    return kept | {
        "HOME": str(home / "user"),
        "FOOTFALL_HOME": str(home),
        "DAGSTER_HOME": str(home / "dagster"),
        "FOOTFALL_WEIGHTS": str(weights),
    }


def run_day(prefix: list[str], recordings: Path, env: Mapping[str, str]) -> str:
    """The whole day by the command that the demo uses; returns what it printed."""
    footfall = str(Path(sys.executable).with_name("footfall"))
    done = subprocess.run(
        [*prefix, footfall, "run", str(ARCADE), "--day", str(DAY), "--recordings", str(recordings)],
        env=dict(env),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    simulate(load_site(ARCADE).on(DAY), folder, minutes=HALF_A_MINUTE, seed=1)
    return folder


@pytest.mark.parametrize("code", CALLS_OUT.values(), ids=CALLS_OUT)
def test_the_record_shows_a_call_that_leaves(tmp_path: Path, code: str) -> None:
    """Without a network, so that nothing is really sent; the call is made all the same."""
    record = tmp_path / "calls"
    command = [sys.executable, "-c", f"from socket import *\n{code}"]
    subprocess.run([*without_network(), *recorded_in(record), *command], check=False)
    assert Calls.read(record).leaving != []


def test_the_record_lets_calls_within_the_machine_be(tmp_path: Path) -> None:
    record = tmp_path / "calls"
    code = "\n".join(
        (
            "from socket import *",
            "server = create_server(('127.0.0.1', 0))",
            "create_connection(server.getsockname())",
            "pair = socketpair()",
            "pair[0].send(b'x')",
        )
    )
    subprocess.run([*recorded_in(record), sys.executable, "-c", code], check=True)
    calls = Calls.read(record)
    assert calls.to_loopback != []
    assert calls.leaving == []


def test_no_call_goes_by_the_record_through_io_uring(tmp_path: Path) -> None:
    code = (
        "import ctypes, errno\n"
        "library = ctypes.CDLL(None, use_errno=True)\n"
        "ring = library.syscall(425, 8, (ctypes.c_char * 120)())\n"
        "print(ring, errno.errorcode[ctypes.get_errno()])"
    )
    command = [*recorded_in(tmp_path / "calls"), sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["-1", "ENOSYS"]


@pytest.mark.parametrize(
    ("first", "reports"),
    [pytest.param("", True, id="by itself"), pytest.param("import vision", False, id="after ours")],
)
def test_openvino_reports_its_import_by_itself_and_not_after_ours(
    tmp_path: Path, weights: Path, first: str, reports: bool
) -> None:
    record = tmp_path / "calls"
    subprocess.run(
        [*recorded_in(record), sys.executable, "-c", f"{first}\nimport openvino"],
        env=environment(tmp_path, weights),
        check=True,
    )
    assert bool(Calls.read(record).leaving) is reports
    assert (tmp_path / "user" / "intel").exists() is reports


def test_a_namespace_without_network_has_none() -> None:
    code = "import socket; print([name for _, name in socket.if_nameindex()])"
    done = subprocess.run(
        [*without_network(), sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['lo']"


def test_the_day_completes_without_any_network_and_no_call_asks_for_one(
    tmp_path: Path, recordings: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    record = tmp_path_factory.mktemp("record") / "calls"
    prefix = [*without_network(), *recorded_in(record)]
    said = run_day(prefix, recordings, environment(tmp_path, weights))
    assert "checks passed" in said
    for pages in ("reports", "data_docs"):
        assert list((tmp_path / pages).rglob(f"{DAY}.html"))
    calls = Calls.read(record)
    assert calls.started("footfall", "run")
    assert calls.started("vision.openvino_export"), "the export was not part of this day"
    assert calls.leaving == []
    # Neither do the libraries leave who they are in the user's home.
    left = {path.name for path in (tmp_path / "user").rglob("*")}
    assert left.isdisjoint({"intel", "Ultralytics", ".dagster", "openvino_ga_cid"})


def test_no_call_of_the_webserver_and_of_the_runs_that_it_launches_leaves_the_machine(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Marts launched by hand, and the privacy report that follows them by itself."""
    # Not in the home, of which every file is searched: the record grows by megabytes meanwhile.
    record = tmp_path_factory.mktemp("record") / "calls"
    with serving(tmp_path, recorded_in(record)) as server:
        launched = server.ask(
            "mutation {launchRun(executionParams: {selector: {repositoryLocationName: "
            '"footfall", repositoryName: "__repository__", jobName: "site_day"}, '
            f'executionMetadata: {{tags: [{{key: "dagster/partition", value: "{DAY}"}}]}}}}) '
            "{... on LaunchRunSuccess {run {runId}} ... on PythonError {message}}}"
        )["launchRun"]
        assert "run" in launched, launched

        def ended() -> dict[str, str]:
            asked = "{runsOrError {... on Runs {results {jobName status}}}}"
            runs = server.ask(asked)["runsOrError"]["results"]
            return {run["jobName"]: run["status"] for run in runs if run["status"] in ENDED}

        both = {"site_day": "SUCCESS", "privacy_day": "SUCCESS"}
        server.wait_for(
            "a privacy report after the marts", lambda: ended().keys() == both.keys(), 180
        )
        assert ended() == both
    calls = Calls.read(record)
    # The last two are the process of a run and the one in which the search reads.
    parts = ("dagster_webserver", "dagster._daemon", "code-server", "spawn_main", "search.worker")
    for name in parts:
        assert calls.started(name), name
    assert calls.leaving == []


def test_dagster_is_told_by_every_way_that_it_listens_to(tmp_path: Path) -> None:
    told = dict(
        line.split("=") for line in Path(".env").read_text().splitlines() if line[:1] != "#"
    )
    assert told == {name: ENVIRONMENT[name] for name in ENVIRONMENT if name.startswith("DAGSTER_")}
    configured = yaml.safe_load(Path("dagster.yaml").read_text())
    assert configured["telemetry"] == {"enabled": False}
    assert configured["nux"] == {"enabled": False}


def test_the_instance_collects_nothing_and_prompts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    with open_instance(Settings(home=tmp_path)) as instance:
        assert isinstance(instance, dg.DagsterInstance)
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
