"""The code location as Dagster loads it: light, valid, and with everything that users expect."""

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from footfall_dagster.definitions import build_definitions
from footfall_dagster.settings import Settings
from vision.contracts import LAKE

HEAVY = (
    "cv2",
    "av",
    "torch",
    "ultralytics",
    "openvino",
    "great_expectations",
    "matplotlib",
    "opendp",
)


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(Settings(site=Path("examples/arcade")))


def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import json, sys, footfall_dagster.code_location\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_the_workspace_validates(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DAGSTER_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr


def test_every_stage_stands_in_its_group(definitions: dg.Definitions) -> None:
    groups: dict[str, set[str]] = {}
    for spec in definitions.resolve_all_asset_specs():
        groups.setdefault(spec.group_name or "", set()).add(spec.key.path[-1])
    assert groups["ingest"] == {"recordings", "camera_exports", "timeline", "coverage"}
    assert groups["tracking"] == {"detections", "tracks"}
    assert groups["anonymous"] == {"anonymised_trajectories", "gate_events", "zone_visits"}
    assert {"gate_counts_15min", "occupancy_15min", "footfall_report"} <= groups["footfall"]
    assert {"privacy_search", "privacy_report"} <= groups["footfall"]
    assert set(groups) == {"ingest", "tracking", "anonymous", "footfall"}


def test_every_asset_says_what_it_is(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        # Recorders make it, and whether they do is what coverage tells.
        assert spec.freshness_policy or spec.key.path[-1] == "recordings", spec.key
        assert spec.partitions_def, spec.key
        if spec.key.path[-1] in LAKE:
            assert "dagster/column_schema" in spec.metadata, spec.key


def test_every_stored_dataset_has_a_blocking_check_per_partition(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {
        key.asset_key.path[-1]
        for key in graph.asset_check_keys
        if graph.get_check_spec(key).blocking and graph.get_check_spec(key).partitions_def
    }
    stored = {key.path[-1] for key in graph.get_all_asset_keys()}
    assert set(LAKE) <= blocking
    assert {"gate_counts_15min", "zone_visits_hourly", "occupancy_15min", "heatmap_hourly"} <= (
        blocking & stored
    )


def test_the_privacy_report_is_made_apart_from_the_marts_and_blocks_by_itself(
    definitions: dg.Definitions,
) -> None:
    made = {
        job: {
            key.path[-1]
            for key in definitions.resolve_job_def(job).asset_layer.executable_asset_keys
        }
        for job in ("site_day", "site_week", "privacy_day")
    }
    assert made["privacy_day"] == {"privacy_search", "privacy_report"}
    assert made["site_day"].isdisjoint(made["privacy_day"] | made["site_week"])
    assert made["site_week"] == {"weekly_report"}
    graph = definitions.resolve_asset_graph()
    blocking = {
        (key.asset_key.path[-1], key.name): graph.get_check_spec(key).blocking
        for key in graph.asset_check_keys
        if key.asset_key.path[-1] in made["privacy_day"]
    }
    assert blocking == {
        ("privacy_search", "nothing_found"): False,
        ("privacy_report", "every_check_passed"): True,
        ("privacy_report", "notice_in_force"): False,
    }
