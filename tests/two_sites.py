"""Two sites that share one Dagster, each with its own files.

Belongs here: writing their directories, and a workspace of both that is loaded into the test's own
process. Does not belong here: any test; code servers in processes of their own.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceLoadTarget

from tests.unit.vision.site_directory import FILES, write

NORTH, SOUTH = "north", "south"
CAMERAS = ("cam_a", "cam_b")
_LOADED = """\
from pathlib import Path

from footfall_dagster.definitions import build_definitions
from footfall_dagster.settings import Settings

defs = build_definitions(Settings(site=Path({site!r}), home=Path({home!r})))
"""


def site_folder(root: Path, name: str) -> Path:
    """Write the directory of a site that has been open since March 2026, with two cameras."""
    folder = root / "sites" / name
    folder.mkdir(parents=True)
    text = FILES["site.yaml"].replace("id: arcade", f"id: {name}")
    return write(folder, site=text.replace("closes: 2026-03-31\n", ""))


@contextmanager
def workspace(root: Path, instance: dg.DagsterInstance) -> Iterator[WorkspaceProcessContext]:
    """Both sites as code locations, with their cameras as partitions."""
    origins = []
    for name in (NORTH, SOUTH):
        loaded = root / f"{name}_location.py"
        site = site_folder(root, name)
        loaded.write_text(_LOADED.format(site=str(site), home=str(root / f"{name}_home")))
        target = LoadableTargetOrigin(
            executable_path=sys.executable, python_file=str(loaded), attribute="defs"
        )
        origins.append(InProcessCodeLocationOrigin(target, location_name=name))
        instance.add_dynamic_partitions(f"{name}_cameras", CAMERAS)
    with WorkspaceProcessContext(instance, _Both(origins)) as loaded_workspace:
        yield loaded_workspace


class _Both(WorkspaceLoadTarget):
    def __init__(self, origins: Sequence[InProcessCodeLocationOrigin]) -> None:
        self._origins = origins

    def create_origins(self) -> Sequence[InProcessCodeLocationOrigin]:
        return self._origins
