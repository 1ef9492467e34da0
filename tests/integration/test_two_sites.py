"""Two sites in one Dagster, as deploy/workspace.yaml has them: each served by its own process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.remote_representation.code_location import CodeLocation
from dagster._core.remote_representation.external import RemoteRepository
from dagster._core.workspace.context import BaseWorkspaceRequestContext, WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.server import wait_for_grpc_server
from dagster._utils import find_free_port

from footfall_dagster.fair_use import RAY_TAG, SITE_TAG
from tests.two_sites import site_folder

WORKSPACE = Path(__file__).resolve().parent.parent.parent / "deploy" / "workspace.yaml"
SITES = ("centre", "harbour")


@contextmanager
def code_server(root: Path, site: str, port: int) -> Iterator[None]:
    """The process that deploy/workspace.yaml has started for a site, with a file of settings."""
    told = {"site": str(site_folder(root, site)), "home": str(root / site)}
    settings = settings_of(root, site)
    settings.write_text(yaml.safe_dump(told))
    inherited = {name: is_ for name, is_ in os.environ.items() if not name.startswith("FOOTFALL_")}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "dagster", "code-server", "start"),
            *("--module-name", "footfall_dagster.code_location"),
            *("--host", "127.0.0.1", "--port", str(port)),
        ],
        env=inherited | {"FOOTFALL_SETTINGS": str(settings)},
    )
    try:
        client = DagsterGrpcClient(host="127.0.0.1", port=port)
        wait_for_grpc_server(process, client, [], timeout=180)
        yield
    finally:
        process.terminate()
        process.wait(60)


def settings_of(root: Path, site: str) -> Path:
    return root / f"{site}.yaml"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sites")


@pytest.fixture(scope="module")
def workspace(root: Path) -> Iterator[BaseWorkspaceRequestContext]:
    told = yaml.safe_load(WORKSPACE.read_text())
    servers = [one["grpc_server"] for one in told["load_from"]]
    assert tuple(server["location_name"] for server in servers) == SITES
    for server in servers:
        server["port"] = find_free_port()
    ours = root / "workspace.yaml"
    ours.write_text(yaml.safe_dump(told))
    with ExitStack() as running:
        for server in servers:
            running.enter_context(code_server(root, server["location_name"], server["port"]))
        instance = running.enter_context(dg.DagsterInstance.local_temp(str(root)))
        process = WorkspaceProcessContext(instance, WorkspaceFileTarget([str(ours)]))
        yield running.enter_context(process).create_request_context()


def location(workspace: BaseWorkspaceRequestContext, site: str) -> CodeLocation:
    entry = workspace.get_code_location_entries()[site]
    assert entry.load_error is None, entry.load_error
    return workspace.get_code_location(site)


def repository(workspace: BaseWorkspaceRequestContext, site: str) -> RemoteRepository:
    (one,) = location(workspace, site).get_repositories().values()
    return one


def shared_names(repository: RemoteRepository) -> dict[str, set[str]]:
    """Names that Dagster does not tell apart by code location."""
    nodes = repository.get_asset_node_snaps()
    partitions = {
        dimension.partitions.name
        for node in nodes
        if (definition := node.partitions) is not None
        for dimension in getattr(definition, "partition_dimensions", ())
        if hasattr(dimension.partitions, "name")
    }
    return {
        "assets": {node.asset_key.to_user_string() for node in nodes},
        "cameras": partitions,
        "pools": {pool for node in nodes for pool in node.pools or ()},
    }


def test_each_serves_its_own_site_and_no_name_of_theirs_is_the_same(
    workspace: BaseWorkspaceRequestContext,
) -> None:
    centre, harbour = (shared_names(repository(workspace, site)) for site in SITES)
    for kind, names in centre.items():
        assert names, kind
        assert names.isdisjoint(harbour[kind]), kind
    # Dagster puts both into one graph, and would complain of a key that two of them make.
    keys = workspace.asset_graph.get_all_asset_keys()
    assert {key.path[0] for key in keys} == set(SITES)
    assert len(keys) == len(centre["assets"]) + len(harbour["assets"])


@pytest.mark.parametrize("site", SITES)
def test_every_run_says_whose_it_is_and_which_file_has_its_settings(
    site: str, workspace: BaseWorkspaceRequestContext, root: Path
) -> None:
    jobs = [job for job in repository(workspace, site).get_all_jobs() if "__" not in job.name]
    assert {"camera_day", "site_day", "privacy_day", "purge"} <= {job.name for job in jobs}
    for job in jobs:
        assert job.tags[SITE_TAG] == site
        named = json.loads(job.tags[RAY_TAG])["env_vars"]
        assert named == [f"FOOTFALL_SETTINGS={settings_of(root, site)}"]
