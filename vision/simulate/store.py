"""Where a day of invented trajectories is written, and how it is found there again.

Belongs here: files and their manifest. Does not belong here: the rows (`trajectories`).
"""

import json
from dataclasses import fields
from pathlib import Path

import polars as pl

from vision.simulate.manifest import site_digest
from vision.simulate.seen import CameraDay
from vision.simulate.trajectories import simulate_trajectories
from vision.site.models import SiteDay

_MANIFEST = "trajectories.json"


def store_trajectories(
    site_day: SiteDay, out: Path, *, people: int, seed: int
) -> list[tuple[Path, int]]:
    """Write `out`/<dataset>/camera=<id>/part.parquet for every calibrated camera.

    Where the same arguments have been carried out already, nothing is done.

    Returns:
        Each file with its number of rows.

    Raises:
        ValueError: No camera is calibrated, or the site is closed on that day.
    """
    arguments = {
        "site": site_digest(site_day),
        "day": site_day.day.isoformat(),
        "people": people,
        "seed": seed,
    }
    manifest = out / _MANIFEST
    try:
        made = json.loads(manifest.read_text(encoding="utf-8"))
        if made["arguments"] == arguments:
            return [(out / name, rows) for name, rows in made["files"].items()]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    manifest.unlink(missing_ok=True)
    files: dict[str, int] = {}
    for camera, camera_day in simulate_trajectories(site_day, people, seed).items():
        for dataset in (field.name for field in fields(CameraDay)):
            frame: pl.DataFrame = getattr(camera_day, dataset)
            name = f"{dataset}/camera={camera}/part.parquet"
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(path.name + ".part")
            frame.write_parquet(part)
            part.replace(path)
            files[name] = frame.height
    part = manifest.with_name(manifest.name + ".part")
    part.write_text(json.dumps({"arguments": arguments, "files": files}, indent=1) + "\n")
    part.replace(manifest)
    return [(out / name, rows) for name, rows in files.items()]
