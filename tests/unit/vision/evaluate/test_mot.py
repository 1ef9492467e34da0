"""What a truth says, whatever its age and columns, and what is said of one that cannot be read."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from vision.contracts import BOX, TRACKS
from vision.evaluate.mot import FOUND, Counts, MotError, found_at, read_found, read_truth


def _counts(path, **options):
    return [str(one) for one in read_truth(path, **options)["counts"]]


def _file(folder, *lines):
    path = folder / "gt.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_boxes_come_with_the_edges_of_the_contracts(tmp_path):
    truth = read_truth(_file(tmp_path, "3,7,10,20,30,60"))
    assert truth.row(0) == (3, 7, 10.0, 20.0, 40.0, 80.0, Counts.PERSON)


def test_of_mot15_people_without_flag_are_no_matter_and_places_are_no_classes(tmp_path):
    rows = ("1,1,0,0,10,20,1,4.48,5.5,0", "1,2,0,0,10,20,0,4.48,5.5,0")
    assert _counts(_file(tmp_path, *rows)) == ["person", "other"]


@pytest.mark.parametrize(
    ("flag", "kind", "counts"),
    [
        pytest.param(1, 1, "person", id="a pedestrian"),
        pytest.param(0, 1, "other", id="a pedestrian without flag"),
        pytest.param(0, 2, "distractor", id="a person on a vehicle"),
        pytest.param(0, 7, "distractor", id="a person who sits"),
        pytest.param(0, 8, "distractor", id="what looks like one"),
        pytest.param(0, 12, "distractor", id="a reflection"),
        pytest.param(1, 3, "other", id="a car"),
    ],
)
def test_from_mot16_on_the_class_says_what_counts(tmp_path, flag, kind, counts):
    path = _file(tmp_path, f"1,1,0,0,10,20,{flag},{kind},0.9", "1,2,0,0,10,20,1,1,0.9")
    assert _counts(path) == [counts, "person"]


def test_who_is_hidden_is_so_by_a_share_that_one_chooses(tmp_path):
    rows = [f"1,{who},0,0,10,20,1,1,{share}" for who, share in ((1, 0), (2, 0.1), (3, 0.5))]
    path = _file(tmp_path, *rows)
    assert _counts(path) == ["person"] * 3
    assert _counts(path, visible=0.1) == ["hidden", "person", "person"]
    assert _counts(path, visible=0.4) == ["hidden", "hidden", "person"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param([], "gt.txt: the file is empty", id="an empty file"),
        pytest.param(["1,1,0,0,10"], "5 columns; at least 6", id="too few columns"),
        pytest.param(["1 1 0 0 10 20"], "not rows of numbers with commas", id="blanks"),
        pytest.param(["frame,id,x,y,w,h"], "not rows of numbers with commas", id="a header"),
        pytest.param(
            ["1,1,0,0,10,20", "1,2,0,0,,20"], "line 2: a value is missing", id="a missing value"
        ),
        pytest.param(["1,1,0,0,nan,20"], "line 1: a value is missing", id="no number"),
        pytest.param(["0,1,0,0,10,20"], "line 1: frames count from 1", id="a frame 0"),
        pytest.param(["1,1.5,0,0,10,20"], "must be whole numbers", id="half an id"),
        pytest.param(["1,1,0,0,10,0"], "must be above 0", id="a box without height"),
        pytest.param(["1,1,0,0,10,20,0"], "no row says that a person", id="nobody to find"),
    ],
)
def test_a_truth_that_is_none_is_refused_in_words(tmp_path, lines, said):
    with pytest.raises(MotError, match=said):
        read_truth(_file(tmp_path, *lines))


def test_tracks_may_be_of_nobody(tmp_path):
    assert read_found(_file(tmp_path)).schema == FOUND
    assert read_found(_file(tmp_path, "1,-1,0,0,10,20,0.9,-1,-1,-1")).height == 1


def _track(number, *boxes):
    start = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
    rows = [
        {
            "track": number,
            "frame_at": start + dt.timedelta(seconds=at),
            **dict(zip(BOX, (x, 0.0, x + 10, 20.0), strict=True)),
            "confidence": 0.5,
            "joined": None,
        }
        for at, x in boxes
    ]
    return pl.DataFrame(rows).cast(dict(TRACKS.schema)).select(TRACKS.schema.names())


def test_between_analysed_frames_boxes_move_in_a_straight_line():
    start_us = int(dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC).timestamp() * 1e6)
    frames_us = start_us + np.arange(10) * 100_000
    tracks = pl.concat([_track(4, (0.2, 0), (0.6, 8), (0.8, 8)), _track(2, (0.3, 50))])
    found = found_at(tracks, frames_us)
    assert found.schema == FOUND
    one = found.filter(pl.col("id") == 4)
    # Frame 1 was taken at 0 s. Nobody is where no track has been yet, or is no longer.
    assert one["frame"].to_list() == [3, 4, 5, 6, 7, 8, 9]
    assert one["x_min"].to_list() == pytest.approx([0, 2, 4, 6, 8, 8, 8])
    assert found.filter(pl.col("id") == 2)["frame"].to_list() == [4]


def test_no_tracks_are_no_boxes():
    assert found_at(TRACKS.empty(), np.arange(5)).is_empty()
