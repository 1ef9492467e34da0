"""Who comes again is not known again: nothing stored of two days tells that it was the same person.

The same clothes, height and pace on both days, other times and other ways. That they could be known
again by their looks, in the recordings, is the control: without it the test would prove nothing.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import dagster as dg
import numpy as np
import polars as pl
import pytest

from footfall_dagster.lake import CameraDay
from footfall_dagster.resources import detector
from footfall_dagster.settings import Settings
from tests.integration.test_bad_input import DAY, Place
from tests.repeat_visitors import (
    Linked,
    crowd_of_regulars,
    fields,
    linked,
    stature,
    trajectory_of,
)
from vision.contracts import ANONYMISED_TRAJECTORIES
from vision.simulate import api
from vision.simulate.truth import FOLDER
from vision.site.load import load_site

SITE = Path("examples/arcade")
CAMERA = "cam_entrance"
CAST = 5
FPS = 5
LEAST_HEIGHT_PX = 40


class Visit:
    """One day: what is stored of it, who is who in it, and how they look in its recordings."""

    def __init__(self, folder: Path, weights: Path, seed: int, minutes: float) -> None:
        folder.mkdir()
        recordings, truth = folder / "recordings", folder / "recordings" / FOLDER
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(api, "crowd", crowd_of_regulars(order=seed))
            api.simulate(
                load_site(SITE).on(DAY),
                recordings,
                minutes=minutes,
                seed=seed,
                people_per_minute=api.DENSEST_PEOPLE_PER_MINUTE,
                fps=FPS,
                cast=CAST,
                processes=1,
            )
        settings = Settings(site=SITE, home=folder, weights=weights)
        with dg.DagsterInstance.ephemeral() as instance:
            place = Place(folder, instance, SITE, detector=detector(settings))
            assert place.camera_day(CAMERA).success
            stored = place.lake.read(ANONYMISED_TRAJECTORIES, CameraDay(DAY, CAMERA))
        self.fields = fields(stored)
        self.who = trajectory_of(stored, pl.read_parquet(truth / "paths.parquet"))
        self.looks = dict(_looks(sorted((recordings / CAMERA).iterdir()), truth))

    def known(self, columns: list[str]) -> tuple[dict[int, np.ndarray], np.ndarray]:
        """Of each person some stored fields, and the same of trajectories that are nobody's."""
        rows = {
            int(row[0]): np.array(row[1:], np.float64)
            for row in self.fields.select("trajectory", *columns).fill_null(np.nan).rows()
        }
        people = {person: rows.pop(trajectory) for person, trajectory in self.who.items()}
        return people, np.array(list(rows.values())).reshape(-1, len(columns))


def _looks(files: list[Path], truth: Path) -> Iterator[tuple[int, np.ndarray]]:
    """Of each person the mean colours of the upper and the lower half of the true boxes."""
    boxes = defaultdict(list)
    for frame, person, *box, _, _, _ in pl.read_csv(
        truth / f"{CAMERA}_gt.txt", has_header=False
    ).rows():
        boxes[frame].append((person, *map(round, box[:4])))
    seen = defaultdict(list)
    number = 0
    for file in files:
        video = cv2.VideoCapture(str(file))
        while (frame := video.read())[0]:
            number += 1
            for person, left, top, width, height in boxes[number]:
                patch = frame[1][max(top, 0) : top + height, max(left, 0) : left + width]
                if height < LEAST_HEIGHT_PX or min(patch.shape[:2]) < 4:
                    continue
                middle = patch[:, patch.shape[1] // 4 : -patch.shape[1] // 4]
                halves = np.array_split(middle, 2)
                seen[person].append(np.concatenate([half.mean((0, 1)) for half in halves]))
    for person, colours in seen.items():
        yield person, np.median(colours, axis=0)


def by_fields(one: Visit, other: Visit, columns: list[str]) -> Linked:
    (mine, _), (theirs, strangers) = one.known(columns), other.known(columns)
    return linked(mine, theirs, strangers)


@pytest.fixture(scope="module", params=[1.5], ids=lambda minutes: f"{minutes} min")
def two_days(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, weights: Path
) -> tuple[Visit, Visit]:
    folder = tmp_path_factory.mktemp("days")
    first, second = (Visit(folder / str(seed), weights, seed, request.param) for seed in (31, 32))
    return first, second


def test_who_comes_again_is_known_again_by_their_looks_in_the_recordings(two_days):
    one, other = two_days
    found = linked(one.looks, other.looks, np.zeros((0, 6)))
    assert found.people > 15
    assert found.first > found.people / 2


def test_who_comes_again_is_not_known_again_by_all_that_is_stored(two_days):
    one, other = two_days
    columns = [name for name in one.fields.columns if name != "trajectory"]
    found = by_fields(one, other, columns)
    assert found.people > 15
    assert found.at_chance(), found
    # Nor by any field alone: many fields that tell nothing would drown one that does.
    alone = {name: by_fields(one, other, [name]) for name in columns}
    assert {name for name, of_one in alone.items() if not of_one.at_chance(len(columns))} == set()


def test_a_body_height_beside_the_stored_fields_would_be_found_out(two_days):
    """The control of the test before: one field of sixteen that is of the person."""
    one, other = two_days
    columns = [name for name in one.fields.columns if name != "trajectory"]
    (mine, _), (theirs, strangers) = one.known(columns), other.known(columns)
    dice = np.random.default_rng(1)
    body = {who: np.array([stature(who) + dice.normal(0, 0.02)]) for who in mine}
    again = {who: np.array([stature(who) + dice.normal(0, 0.02)]) for who in theirs}
    unknown = dice.normal(1.72, 0.09, (len(strangers), 1))
    assert not linked(body, again, unknown).at_chance(len(columns))
