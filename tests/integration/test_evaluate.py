"""The product measured by its own command: a simulated day through Dagster, and real footage."""

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from footfall_dagster.cli import main
from footfall_dagster.lake import Lake
from footfall_dagster.privacy import purge
from tests.gate_counts import DAY, GateCount, counts_of_day
from vision.site.load import load_site

SITE = Path("examples/arcade")
CAMERA = "cam_shops"
SHARES = ("hota", "det_a", "ass_a", "idf1", "recall", "precision")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def counts(home: Path, weights: Path) -> list[GateCount]:
    """A minute of the arcade, run through Dagster."""
    return counts_of_day(11, home, weights, minutes=1)


def _evaluate(home: Path, weights: Path, *arguments: object) -> dict[str, object]:
    out = home.parent / "figures.json"
    result = CliRunner().invoke(
        main,
        ["evaluate", *map(str, arguments), "--json", str(out)],
        env={
            "FOOTFALL_HOME": str(home),
            "FOOTFALL_SITE": str(SITE),
            "FOOTFALL_WEIGHTS": str(weights),
            "COLUMNS": "160",
        },
    )
    assert result.exit_code == 0, result.output
    figures: dict[str, object] = json.loads(out.read_text())
    return figures


def test_a_day_and_a_recording_of_it_are_measured_alike(
    home: Path, weights: Path, counts: list[GateCount]
) -> None:
    recordings = home / "recordings"
    truth = recordings / "truth"
    day = _evaluate(home, weights, "day", "--day", DAY, "--truth", truth)
    gates = {one["gate"]: one for one in day["gates"]}  # type: ignore[attr-defined]
    assert len(gates) == len(counts) / 2
    for count in counts:
        column = {"in": "entries", "out": "exits"}[count.direction]
        assert gates[count.gate][column] == count.counted
        assert gates[count.gate][f"true_{column}"] == count.truth
    zones = {one["zone"] for one in day["zones"]}  # type: ignore[attr-defined]
    assert zones == {zone.id for zone in load_site(SITE).file.zones}
    scores = day["cameras"][CAMERA]  # type: ignore[index]
    assert scores["idf1"] > 0.5
    assert scores["recall"] > 0.6

    # The day's first minute is one file, so detector and tracker see the same frames.
    (video,) = (recordings / CAMERA).glob("*.mp4")
    given = ("--truth", truth / f"{CAMERA}_gt.txt", "--camera", CAMERA)
    clip = _evaluate(home, weights, "clip", video, *given)
    # Every other frame, and the last one, which stands for the point of the grid after it.
    assert (clip["frames"], clip["analysed_frames"]) == (600, 301)
    assert (clip["ids"], clip["people"]) == (scores["ids"], scores["people"])
    for name in SHARES:
        assert clip[name] == pytest.approx(scores[name], abs=1e-3), name


def test_once_tracks_are_purged_only_counts_can_be_compared(
    home: Path, weights: Path, counts: list[GateCount]
) -> None:
    lake = Lake(home / "lake", load_site(SITE))
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    with purge.only_purge(lake):
        list(purge.forget_partitions(lake, later))
    truth = home / "recordings" / "truth"
    with pytest.raises(AssertionError, match="to compare counts alone"):
        _evaluate(home, weights, "day", "--day", DAY, "--truth", truth)
    for boxes in truth.glob("*_gt.txt"):
        boxes.unlink()
    day = _evaluate(home, weights, "day", "--day", DAY, "--truth", truth)
    assert day["together"] is None
    assert len(day["gates"]) == len(counts) / 2  # type: ignore[arg-type]


@pytest.mark.footage
def test_a_real_street_is_followed(footage: Path, weights: Path, tmp_path: Path) -> None:
    clip = footage / "tud-stadtmitte"
    home = tmp_path / "home"
    given = ("--truth", clip / "TUD-Stadtmitte_gt.txt")
    floor = ("--homography", clip / "TUD-Stadtmitte_H_img2world_m.txt")
    figures = _evaluate(home, weights, "clip", clip / "TUD-Stadtmitte_640x480.mp4", *given, *floor)
    assert figures["frames"] == 179
    assert figures["people"] == 10
    assert figures["idf1"] > 0.6  # type: ignore[operator]
    assert figures["recall"] > 0.7  # type: ignore[operator]
    assert 0.5 < figures["id_ratio"] < 2  # type: ignore[operator]
