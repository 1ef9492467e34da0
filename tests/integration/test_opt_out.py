"""Somebody who wears an opt-out tag leaves no row anywhere; who walks beside them is counted."""

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
import pytest

from footfall_dagster.lake import CameraDay
from footfall_dagster.resources import detector
from footfall_dagster.settings import Settings
from tests.integration.test_bad_input import DAY, Place
from vision.boxes import overlap
from vision.contracts import ANONYMISED_TRAJECTORIES, BOX, DETECTIONS, GATE_EVENTS, TRACKS
from vision.simulate.api import simulate
from vision.simulate.truth import FOLDER
from vision.site.load import load_site

FPS = 5
MINUTES = 2 / 3
BEGAN = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
_MOT = ["frame", "id", "left", "top", "width", "height"]
_LIES = 0.3
"""Intersection over union from which a box is of a person."""


def arcade(folder: Path, *, tag: bool = True) -> Path:
    """The arcade as cameras of 1280 x 720 see it, with or without a tag that people may wear."""
    site = folder / "site"
    shutil.copytree("examples/arcade", site, ignore=shutil.ignore_patterns("notice"))
    cameras = (site / "cameras.yaml").read_text().replace("[640, 360]", "[1280, 720]")
    doubled = re.sub(
        r"pixel: \[([\d.]+), ([\d.]+)\]",
        lambda at: f"pixel: [{2 * float(at[1]):.1f}, {2 * float(at[2]):.1f}]",
        cameras,
    )
    (site / "cameras.yaml").write_text(doubled)
    if tag:
        file = (site / "site.yaml").read_text()
        asked = "privacy:\n  opt_out_tag: {id: 0, side_m: 0.2}"
        file, times = re.subn(r"(?m)^privacy:$", asked, file)
        assert times == 1
        (site / "site.yaml").write_text(file)
    return site


def true_boxes(truth: Path, camera: str, kind: str = "") -> dict[int, np.ndarray]:
    """True boxes by frame: (n, 4) corners, pixels."""
    path = truth / f"{camera}{kind}_gt.txt"
    rows = pl.read_csv(path, has_header=False).rows() if path.stat().st_size else []
    found: dict[int, list] = {}
    for frame, _, left, top, width, height, *_ in rows:
        found.setdefault(frame, []).append((left, top, left + width, top + height))
    return {frame: np.array(boxes, np.float64) for frame, boxes in found.items()}


def of_the_tagged(rows: pl.DataFrame, truth: Path, camera: str) -> list[tuple]:
    """Stored boxes that lie on somebody who wears a tag, and less on anybody else."""
    tagged, others = true_boxes(truth, camera, "_tagged"), true_boxes(truth, camera)
    nobody = np.zeros((0, 4))
    found = []
    for at, *box in rows.select("frame_at", *BOX).iter_rows():
        frame = 1 + round((at - BEGAN).total_seconds() * FPS)
        here = np.array([box], np.float64)
        on_tagged = overlap(here, tagged.get(frame, nobody)).max(initial=0.0)
        on_other = overlap(here, others.get(frame, nobody)).max(initial=0.0)
        if on_tagged >= _LIES and on_tagged > on_other:
            found.append((at, *box))
    return found


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def test_a_walker_with_a_tag_leaves_no_row_and_the_other_is_counted(
    tmp_path: Path, instance: dg.DagsterInstance, weights: Path
) -> None:
    site = arcade(tmp_path)
    truth = tmp_path / "recordings" / FOLDER
    made = simulate(
        load_site(site).on(DAY),
        tmp_path / "recordings",
        minutes=MINUTES,
        seed=17,
        people_per_minute=5,
        fps=FPS,
        tagged=1,
        processes=1,
    )
    assert made.people == 1
    settings = Settings(site=site, home=tmp_path, weights=weights)
    place = Place(tmp_path, instance, site, detector=detector(settings))
    walked = pl.read_parquet(truth / "paths.parquet")
    followed = 0
    for camera in place.site.camera_ids:
        # The test would be idle if nobody with a tag were to be seen.
        assert len(true_boxes(truth, camera, "_tagged")) > 5 * FPS
        assert place.camera_day(camera).success
        stored = {
            contract: place.lake.read(contract, CameraDay(DAY, camera))
            for contract in (DETECTIONS, TRACKS, GATE_EVENTS, ANONYMISED_TRAJECTORIES)
        }
        for contract in (DETECTIONS, TRACKS):
            assert of_the_tagged(stored[contract], truth, camera) == []
        # Whoever is on the floor is somebody of whom the truth tells.
        places = stored[ANONYMISED_TRAJECTORIES].join(walked, on="at", suffix="_true")
        off = (pl.col("x_m") - pl.col("x_m_true")).pow(2) + (
            pl.col("y_m") - pl.col("y_m_true")
        ).pow(2)
        assert places.filter(off > 1.5**2).is_empty()
        followed += stored[TRACKS].height
    assert followed > 5 * FPS
    assert place.site_day().success
    seen = place.counts().group_by("gate").agg(pl.sum("entries"), pl.sum("exits")).sort("gate")
    true = [(gate, both["in"], both["out"]) for gate, both in sorted(made.crossings.items())]
    assert sum(ways for _, *both in true for ways in both) > 0
    assert seen.rows() == true
