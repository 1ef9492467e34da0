"""What deploy/ ships is sound as far as that shows without a cluster or a container engine."""

import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster_shared.yaml_utils import load_yaml_from_path

from footfall_dagster.shipped import shipped

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DEPLOY = REPOSITORY / "deploy"
DEPLOYING = (REPOSITORY / "docs" / "deploy.md").read_text()
POLICIES = sorted((DEPLOY / "roles" / "bucket").glob("*.json"))
VALUES: dict[str, Any] = yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text())
STORAGES = ("event_log_storage", "run_storage", "schedule_storage")
PODS = [
    VALUES["dagster-user-deployments"]["deployments"][0],
    VALUES["dagsterDaemon"],
    VALUES["dagsterWebserver"],
]


def test_storages_and_queue_on_kubernetes_are_those_of_several_machines() -> None:
    ours = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    for name in (*STORAGES, "run_coordinator", "concurrency"):
        assert VALUES["additionalInstanceConfig"][name] == ours[name]
    assert VALUES["computeLogManager"]["type"] == ours["compute_logs"]["class"]
    assert VALUES["telemetry"] == ours["telemetry"]
    assert (
        VALUES["retention"]["schedule"]["purgeAfterDays"]
        == (ours["retention"]["schedule"]["purge_after_days"])
    )


def test_dagster_takes_the_last_of_two_storages(tmp_path: Path) -> None:
    """As the chart writes dagster.yaml: its own storages, then what is added."""
    charts = {name: {"module": "dagster_postgres", "class": "Ungated"} for name in STORAGES}
    written = tmp_path / "dagster.yaml"
    written.write_text(yaml.safe_dump(charts) + yaml.safe_dump(VALUES["additionalInstanceConfig"]))
    read = load_yaml_from_path(str(written))
    assert isinstance(read, dict)
    assert {read[name]["module"] for name in STORAGES} == {
        "footfall_dagster.privacy.event_log_postgres"
    }


@pytest.mark.parametrize("pod", PODS, ids=["code", "daemon", "webserver"])
def test_pods_have_a_user_of_their_own_and_no_secret_in_their_values(pod: dict[str, Any]) -> None:
    assert pod["podSecurityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["allowPrivilegeEscalation"] is False
    assert pod["resources"]["limits"]["memory"]
    for one in pod["env"]:
        is_secret = any(word in one["name"] for word in ("PASSWORD", "KEY"))
        assert ("valueFrom" in one) == is_secret, one["name"]


def test_the_webserver_on_kubernetes_is_reached_through_a_login_only() -> None:
    assert VALUES["dagsterWebserver"]["service"]["type"] == "ClusterIP"
    annotations = VALUES["ingress"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/auth-url"].startswith("https://")
    assert VALUES["ingress"]["dagsterWebserver"]["tls"]["enabled"] is True


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_policy_names_what_it_allows_and_where(path: Path) -> None:
    for statement in json.loads(path.read_text())["Statement"]:
        actions, where = (
            [told] if isinstance(told, str) else told
            for told in (statement["Action"], statement["Resource"])
        )
        assert not any("*" in action for action in actions), statement["Sid"]
        for resource in where:
            bucket, _, below = resource.removeprefix("arn:aws:s3:::").partition("/")
            assert bucket == "recordings" or not below or below.startswith("centre/")
            assert bool(below) == (actions != ["s3:ListBucket"]) or bucket == "recordings"


def test_the_image_runs_as_nobody_in_particular_and_holds_code_only() -> None:
    lines = (DEPLOY / "container" / "Dockerfile").read_text().splitlines()
    assert "USER 10001:10001" in lines
    assert not any(line.startswith("ADD ") or line == "COPY . ." for line in lines)
    ignored = (DEPLOY / "container" / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignored
    copied = [
        name
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    ]
    assert sorted(f"!{name}" for name in copied) == sorted(
        line for line in ignored if line.startswith("!")
    )


def test_what_an_installed_package_needs_beside_its_code_is_in_it() -> None:
    built = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    included = built["targets"]["wheel"]["force-include"]
    assert {"dagster.yaml", "workspace.yaml"} <= included.keys()
    for name, packed in included.items():
        assert shipped(name).is_file()
        assert packed == f"footfall_dagster/files/{name}"


def test_the_queue_lets_as_many_runs_begin_as_hosts_of_the_documented_cluster_have_places() -> None:
    described = yaml.safe_load((DEPLOY / "ray" / "cluster.yaml").read_text())
    addresses = {described["provider"]["head_ip"], *described["provider"]["worker_ips"]}
    assert described["min_workers"] == described["max_workers"] == len(addresses) - 1
    hosts, places = set(), Counter()
    for named, slots in re.findall(r"^\| ([0-9., ]+)[^|]*\| `({.*?})`", DEPLOYING, re.MULTILINE):
        of_these = set(named.replace(",", " ").split())
        hosts |= of_these
        places.update({kind: number * len(of_these) for kind, number in json.loads(slots).items()})
    assert hosts == addresses
    limits = yaml.safe_load((DEPLOY / "ray" / "dagster.yaml").read_text())["concurrency"]["runs"]
    begun = {
        one["value"]: one["limit"]
        for one in limits["tag_concurrency_limits"]
        if "/work" in one["key"]
    }
    assert places == {
        "vision": begun["vision"],
        "marts": begun["marts"],
        "keeper": begun["upkeep"] + begun["marts"],
    }


def test_a_run_waits_for_its_place_on_ray_as_long_as_dagster_lets_it() -> None:
    (start,) = (
        line
        for line in yaml.safe_load((DEPLOY / "ray" / "cluster.yaml").read_text())[
            "head_start_ray_commands"
        ]
        if "--head" in line
    )
    told = yaml.safe_load((DEPLOY / "ray" / "dagster.yaml").read_text())["run_monitoring"]
    assert f"RAY_JOB_START_TIMEOUT_SECONDS={told['start_timeout_seconds']};" in start
