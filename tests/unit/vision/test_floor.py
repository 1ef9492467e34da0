import numpy as np
import polars as pl
import pytest

from tests.unit.vision.tracked import VIEW, Walk, line, seen
from vision import floor
from vision.calibration import Homography
from vision.contracts import TRACKS
from vision.floor import PATHS, batches_of_paths, paths
from vision.site.models import CalibrationPair

TIMES = np.arange(0, 10, 0.2)
WALK = line((100, 200), (500, 400), 10)


def tracks(detections: pl.DataFrame, number: int = 0) -> pl.DataFrame:
    track, joined = pl.lit(number, pl.Int32), pl.lit(None, pl.Float32)
    return detections.with_columns(track=track, joined=joined).select(TRACKS.schema.names())


def feet(found: pl.DataFrame) -> np.ndarray:
    return found.select("x_px", "y_px").to_numpy()


def pairs(*four: tuple[tuple[float, float], tuple[float, float]]) -> Homography:
    return Homography.fit([CalibrationPair(pixel=pixel, floor=floor) for pixel, floor in four])


def test_no_tracks_give_no_paths() -> None:
    assert paths(TRACKS.empty(), None, VIEW).equals(PATHS.to_frame())


def test_a_steady_walk_comes_back_as_it_was() -> None:
    found = paths(tracks(seen(WALK, TIMES)), None, VIEW)
    assert np.abs(feet(found) - WALK(TIMES)).max() < 0.05
    assert found["x_m"].null_count() == len(TIMES)


def test_smoothing_takes_out_most_of_the_jitter() -> None:
    shake = np.random.default_rng(1).normal(0, 4, (len(TIMES), 2))
    found = paths(tracks(seen(lambda t: WALK(t) + shake, TIMES)), None, VIEW)
    assert np.abs(feet(found) - WALK(TIMES)).std() < 0.6 * shake.std()


def test_metres_follow_the_homography() -> None:
    homography = pairs(
        ((0, 480), (0, 0)), ((640, 480), (6.4, 0)), ((640, 0), (6.4, 4.8)), ((0, 0), (0, 4.8))
    )
    found = paths(tracks(seen(WALK, TIMES)), homography, VIEW)
    expected = np.column_stack([WALK(TIMES)[:, 0], 480 - WALK(TIMES)[:, 1]]) / 100
    assert np.abs(found.select("x_m", "y_m").to_numpy() - expected).max() < 0.01


@pytest.mark.parametrize(
    "share", [pytest.param(0.5, id="legs hidden"), pytest.param(1.4, id="merged with somebody")]
)
def test_a_box_of_the_wrong_height_does_not_move_the_feet(share: float) -> None:
    boxes = seen(WALK, TIMES)
    odd = pl.int_range(pl.len()).is_between(20, 24)
    wrong = boxes.with_columns(
        y_max=pl.when(odd).then(pl.col("y_min") + 80 * share).otherwise("y_max")
    )
    found = paths(tracks(wrong), None, VIEW)
    assert np.abs(feet(found) - WALK(TIMES)).max() < 4


def test_a_box_cut_by_the_lower_edge_still_has_feet() -> None:
    walk = line((300, 300), (300, 520), 10)
    cut = seen(walk, TIMES).with_columns(pl.col("y_max").clip(0, VIEW.height))
    found = paths(tracks(cut), None, VIEW)
    assert np.abs(feet(found)[:, 1] - walk(TIMES)[:, 1]).max() < 6


def test_the_day_teaches_how_tall_people_are_at_each_place() -> None:
    def growing(start: tuple[float, float], end: tuple[float, float]) -> pl.DataFrame:
        boxes = seen(line(start, end, 10), TIMES)
        return boxes.with_columns(y_min=pl.col("y_max") - (0.3 * pl.col("y_max") + 10))

    crowd = [tracks(growing((50 * i, 150), (640 - 50 * i, 400)), i) for i in range(1, 6)]
    # Seen behind a counter all along: only others tell where those feet are.
    walk = line((100, 250), (500, 250), 10)
    behind = growing((100, 250), (500, 250)).with_columns(
        pl.col("y_max").clip(0, 215).cast(pl.Float32)
    )
    found = paths(pl.concat([*crowd, tracks(behind, 9)]), None, VIEW).filter(pl.col("track") == 9)
    alone = paths(tracks(behind, 9), None, VIEW)
    off_alone = np.abs(feet(alone) - walk(TIMES)).max()
    assert off_alone > 30
    # A short person and hidden legs look alike, so the crowd can only tell part of the way.
    assert np.abs(feet(found) - walk(TIMES)).max() < off_alone * 2 / 3


def crowd(count: int = 5) -> list[pl.DataFrame]:
    """Tracks of average people, from whom a day learns how tall one is at each place."""
    return [
        tracks(of_height(line((50 * i, 150), (640 - 50 * i, 400), 10), 1.0), i)
        for i in range(1, count + 1)
    ]


def of_height(walk: Walk, build: float) -> pl.DataFrame:
    boxes = seen(walk, TIMES)
    tall = build * (0.3 * pl.col("y_max") + 10)
    return boxes.with_columns(y_min=(pl.col("y_max") - tall).cast(pl.Float32))


@pytest.mark.parametrize("build", [0.87, 0.93, 1.08, 1.13])
def test_somebody_short_or_tall_in_full_view_stays_where_they_are(build: float) -> None:
    walk = line((100, 180), (500, 380), 10)
    day = pl.concat([*crowd(), tracks(of_height(walk, build), 9)])
    found = paths(day, None, VIEW).filter(pl.col("track") == 9)
    assert np.abs(feet(found) - walk(TIMES)).max() < 3


def test_a_long_stay_at_the_side_of_the_view_does_not_make_a_person_short() -> None:
    walk = line((320, 300), (100, 300), 10)
    walking = tracks(of_height(walk, 1.0), 9)
    # Half outside at the left for a minute before, and what is seen of the feet is not theirs.
    standing = TIMES.tolist() * 6
    stay = of_height(lambda t: np.full((len(t), 2), [4.0, 300.0]), 1.0)[: len(standing)]
    before = pl.concat(
        stay.with_columns(pl.col("frame_at") - pl.duration(seconds=10 * (n + 1))) for n in range(6)
    ).sort("frame_at")
    cut = before.with_columns(
        x_min=pl.lit(0.0, pl.Float32), y_max=(pl.col("y_min") + 60).cast(pl.Float32)
    )
    day = pl.concat([*crowd(), tracks(cut, 9), walking])
    found = paths(day, None, VIEW).filter(pl.col("track") == 9)
    walked = feet(found)[-len(TIMES) + 10 :]
    assert np.abs(walked - walk(TIMES)[10:]).max() < 6


def test_who_steps_out_from_behind_somebody_is_put_where_they_stand() -> None:
    walk = line((100, 250), (500, 250), 10)
    first = pl.int_range(pl.len()) < 3
    behind = of_height(walk, 1.0).with_columns(
        y_max=pl.when(first).then(pl.col("y_max") - 17).otherwise("y_max")
    )
    in_front = of_height(line((112, 280), (112, 280), 10), 1.0)
    day = pl.concat([*crowd(), tracks(in_front, 8), tracks(behind, 9)])
    found = paths(day, None, VIEW).filter(pl.col("track") == 9)
    assert np.abs(feet(found)[:3] - walk(TIMES)[:3]).max() < 6


def test_paths_of_a_day_are_the_same_however_many_are_made_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    day = pl.concat([*crowd(), tracks(of_height(WALK, 1.1), 9)])
    whole = paths(day, None, VIEW)
    monkeypatch.setattr(floor, "_AT_ONCE", 2)
    batches = list(batches_of_paths(day, None, VIEW))
    assert [batch["track"].unique().sort().to_list() for batch in batches] == [
        [1, 2],
        [3, 4],
        [5, 9],
    ]
    assert pl.concat(batches).equals(whole)
