"""A tower: the arcade on top of itself so many times, two cameras a floor, with short recordings.

Belongs here: its site files, what its cameras recorded, and what one machine makes of it. Does not
belong here: any test.
"""

import copy
import datetime as dt
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.settings import Settings
from tests.privacy.finished_home import REPOSITORY, Home
from vision.contracts import lake_of
from vision.site.load import load_site

ARCADE = REPOSITORY / "examples" / "arcade"
Rows = dict[str, pl.DataFrame]
"""Rows of a camera-day, by their dataset."""
_STARTS = "10:00"
_DIFFERENT = 2
"""So many days are simulated for each date; floors take them in turns."""


def write_site(folder: Path, floors: int, days: Sequence[dt.date]) -> None:
    """Site and camera file of a tower that is open on these days."""
    site = yaml.safe_load((ARCADE / "site.yaml").read_text())
    cameras = yaml.safe_load((ARCADE / "cameras.yaml").read_text())["cameras"]
    site |= {"id": "tower", "name": "Tower", "opens": str(min(days)), "closes": str(max(days))}
    # Two persons a gate are all that such a short day has.
    site["privacy"] = {"k": 3}
    for several in ("floors", "gates", "zones"):
        site[several] = list(_on_each_floor(site[several], floors))
    folder.mkdir(parents=True)
    (folder / "site.yaml").write_text(yaml.safe_dump(site, sort_keys=False))
    every = list(_on_each_floor(cameras, floors))
    for camera in every:
        camera["exports"] = f"{camera['id']}/%Y%m%d_%H%M%S.mp4"
    (folder / "cameras.yaml").write_text(yaml.safe_dump({"cameras": every}, sort_keys=False))


def _on_each_floor(described: Sequence[dict[str, Any]], floors: int) -> Iterator[dict[str, Any]]:
    for floor in range(floors):
        for one in described:
            # Copied whole, as a site file takes no aliases.
            yield {
                key: f"{value}_{floor:02}"
                if key in {"id", "of", "camera", "floor"}
                else copy.deepcopy(value)
                for key, value in one.items()
            }


def record(recordings: Path, floors: int, days: Sequence[dt.date], seconds: float) -> None:
    """Films of every camera on each of the days, so long from ten o'clock on."""
    for number, day in enumerate(days):
        for one in range(min(_DIFFERENT, floors)):
            simulated = recordings / f".{day}-{one}"
            _simulate(simulated, day, seconds, seed=_DIFFERENT * number + one)
            for floor in range(one, floors, _DIFFERENT):
                for film in simulated.glob("cam_*/*.mp4"):
                    begins = film.stem.removeprefix(f"{film.parent.name}_")
                    placed = recordings / f"{film.parent.name}_{floor:02}" / f"{begins}.mp4"
                    placed.parent.mkdir(exist_ok=True)
                    shutil.copy(film, placed)
            shutil.rmtree(simulated)


def build(folder: Path, floors: int, days: Sequence[dt.date], seconds: float) -> None:
    """Site files and recordings of a tower, in `site` and `recordings` of a folder."""
    write_site(folder / "site", floors, days)
    record(folder / "recordings", floors, days, seconds)


def home_of(folder: Path, weights: Path) -> Home:
    """The home in which one machine makes the tower of a folder."""
    home = Home.at(folder / "var", folder / "recordings")
    settings = home.settings.model_copy(update={"site": folder / "site", "weights": weights})
    home.dagster.mkdir(parents=True)
    (home.dagster / "dagster.yaml").symlink_to(REPOSITORY / "dagster.yaml")
    return replace(home, settings=settings)


def rows(settings: Settings, one: CameraDay) -> Rows:
    """What the lake has of a camera-day, but for when a file was recorded, which is the clock's."""
    site = load_site(settings.site)
    lake = Lake(settings.lake, site)
    return {
        contract.name: lake.read(contract, one).drop("modified_at", strict=False)
        for contract in lake_of(site).values()
    }


def different(ours: Rows, theirs: Rows) -> list[str]:
    """Datasets of which a camera-day has not the rows that it has elsewhere, and in what."""
    return [
        f"{name}: {ours[name].height} rows of {frame.height}, {_columns(ours[name], frame)}"
        for name, frame in theirs.items()
        if not ours[name].equals(frame)
    ]


def _columns(ours: pl.DataFrame, theirs: pl.DataFrame) -> dict[str, tuple[list[Any], list[Any]]]:
    """Columns that differ, and how they begin where they do."""
    both = {name: (ours[name].to_list(), theirs[name].to_list()) for name in theirs.columns}
    return {
        name: ([one[0] for one in odd[:3]], [one[1] for one in odd[:3]])
        for name, (mine, other) in both.items()
        if (odd := [one for one in zip_longest(mine, other) if one[0] != one[1]])
    }


def _simulate(out: Path, day: dt.date, seconds: float, seed: int) -> None:
    site = out / "site"
    shutil.copytree(ARCADE, site)
    described = site / "site.yaml"
    told = yaml.safe_load(described.read_text()) | {"opens": str(day), "closes": str(day)}
    described.write_text(yaml.safe_dump(told, sort_keys=False))
    asked = ["--people-per-minute", "30", "--fps", "5", "--seed", str(seed), "--start", _STARTS]
    subprocess.run(
        [
            *(str(Path(sys.executable).parent / "footfall"), "simulate", str(site)),
            *("--out", str(out), "--day", str(day), "--minutes", str(seconds / 60), *asked),
        ],
        check=True,
        capture_output=True,
    )
