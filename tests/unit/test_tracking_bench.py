"""The rulers of the comparison with other programs: what it says has to hold for any of them."""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bench.spent import CommandFailed, spent_by
from bench.tracking import BEGINS, ENDS, PAGE, with_table
from bench.tracking_clips import Known
from bench.tracking_contenders import Job, _nms
from bench.tracking_growth import FPS, SIZE, boxes
from vision.contracts import BOX, DETECTIONS, TRACKS
from vision.evaluate.clip import Clip
from vision.evaluate.mot import TRUTH
from vision.processes import environment
from vision.site.models import Gate

FRAMES_US = np.arange(60) * 40_000
GATE = Gate(
    id="door", camera="cam", floor="ground", line_px=((50, 0), (50, 480)), inside_px=(90, 9)
)


def walk(frames: np.ndarray) -> pl.DataFrame:
    """Somebody who crosses the picture from left to right, in some of its frames."""
    x = frames * 4.0
    edges = dict(
        zip(BOX, (x - 20, np.full(len(x), 100.0), x + 20, np.full(len(x), 200.0)), strict=True)
    )
    at = pl.from_epoch("frame_at", time_unit="us").dt.replace_time_zone("UTC")
    columns = {"track": 7, "frame_at": FRAMES_US[frames], **edges, "confidence": 0.9}
    return pl.DataFrame(columns).with_columns(at, joined=None).cast(TRACKS.schema)


def known(crossed: Counter[tuple[str, str]] | None = None) -> Known:
    frames = np.arange(len(FRAMES_US))
    truth = walk(frames).select(*BOX, frame=frames + 1, id=1, counts=pl.lit("person"))
    clip = Clip(Path("clip.mp4"), FRAMES_US, (640, 480))
    return Known(clip, 6.25, None, truth.select(TRUTH.names()).cast(TRUTH), (GATE,), crossed)


def test_whoever_looks_at_every_frame_is_taken_at_their_word() -> None:
    seen = walk(np.array([*range(20), *range(40, 60)]))
    scores = known().scored(seen, every_frame=True)
    assert scores is not None
    assert scores.recall == pytest.approx(40 / 60)
    assert scores.precision == 1


def test_between_frames_that_were_looked_at_boxes_lie_on_a_line() -> None:
    scores = known().scored(walk(np.arange(0, 60, 59)), every_frame=False)
    assert scores is not None
    assert (scores.idf1, scores.recall, scores.ids) == (1, 1, 1)


@pytest.mark.parametrize(
    ("crossed", "miscounted"),
    [
        ({("door", "in"): 1}, (0, 1)),
        ({("door", "out"): 1}, (2, 1)),
        ({("door", "in"): 3, ("a door of another camera", "in"): 1}, (2, 3)),
        ({}, (1, 0)),
    ],
    ids=["right", "the other way", "two were missed", "nobody was there"],
)
def test_crossings_are_compared_gate_by_gate_and_each_way(
    crossed: dict[tuple[str, str], int], miscounted: tuple[int, int]
) -> None:
    assert known(Counter(crossed)).miscounted(walk(np.arange(60))) == miscounted


def test_who_followed_nobody_missed_everybody() -> None:
    assert known(Counter({("door", "in"): 2})).miscounted(TRACKS.empty()) == (2, 2)


def test_where_nobody_counted_nothing_is_said() -> None:
    assert known().miscounted(walk(np.arange(60))) is None


@pytest.mark.parametrize(("contender", "every"), [("ours", 4), ("yolo-torch", 1)])
def test_who_looks_at_few_frames_looks_at_our_rate(contender: str, every: int) -> None:
    job = Job(contender, "clip.mp4", FRAMES_US.tolist(), (640, 480), 6.0, None, "")
    assert job.every == every


def test_the_stand_in_for_torchvision_leaves_the_best_of_boxes_that_overlap() -> None:
    torch = pytest.importorskip("torch")
    found = torch.tensor([[0, 0, 10, 10], [1, 0, 11, 10], [40, 0, 50, 10]], dtype=torch.float32)
    assert _nms(found, torch.tensor([0.5, 0.9, 0.7]), 0.5).tolist() == [1, 2]
    assert _nms(found, torch.tensor([0.5, 0.9, 0.7]), 0.9).tolist() == [1, 2, 0]


def test_a_crowd_is_in_view_all_the_time() -> None:
    rows = boxes(10, 30)
    assert rows.schema == DETECTIONS.schema
    in_frame = rows.group_by("frame_at").len()["len"]
    assert len(in_frame) == 30 * FPS
    assert in_frame.max() <= 10
    assert in_frame.mean() > 7
    edges = rows.select(BOX).to_numpy()
    assert (edges >= 0).all()
    assert (edges <= [*SIZE, *SIZE]).all()


def test_memory_of_what_a_command_starts_is_counted() -> None:
    held = "import time; kept = bytearray(1) * 300_000_000; kept[::4096] = kept[::4096]"
    starts = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{held}; time.sleep(1)'])"
    )
    assert spent_by([sys.executable, "-c", starts], environment()).megabytes > 290


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(CommandFailed, match="no such weights"):
        spent_by([sys.executable, "-c", "raise SystemExit('no such weights')"], environment())


def test_the_page_has_a_place_for_the_table() -> None:
    page = with_table(PAGE.read_text(), "| new |")
    assert f"{BEGINS}\n| new |\n{ENDS}" in page
    assert page.startswith("# Performance")
    with pytest.raises(ValueError, match="put both where the table goes"):
        with_table(f"{ENDS} {BEGINS}", "| new |")
