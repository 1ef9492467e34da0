"""`footfall evaluate`: what is printed, what is written, and what is said of wrong input."""

import datetime as dt
import json

import polars as pl
import pytest
from click.testing import CliRunner

from footfall_dagster.cli import main
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.privacy import purge
from tests.unit.small_mall import crossings, stays
from tests.unit.vision.exports.media import write as write_video
from tests.unit.vision.simulated import ARCADE, DAY, arcade
from tests.unit.vision.site_directory import write as write_site
from vision.contracts import GATE_EVENTS, TRACKS, ZONE_VISITS
from vision.contracts_ingest import TIMELINE

CAMERA = "cam_entrance"
START = dt.datetime(2026, 3, 14, 10, tzinfo=dt.UTC)
AT_TEN = ("--starts", "2026-03-14 10:00:00", "--fps", "10")
# One person for two seconds of ten frames.
BOXES = [f"{frame},1,{100 + frame},50,40,90,1,1,0.9" for frame in range(1, 21)]


def _evaluate(*arguments, **environment):
    known = {"COLUMNS": "160", "FOOTFALL_SITE": str(ARCADE)}
    return CliRunner().invoke(
        main, ["evaluate", *map(str, arguments)], env=known | environment, catch_exceptions=False
    )


def _words(result):
    return " ".join(result.stderr.split())


def _lines(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def _at(seconds):
    return START + dt.timedelta(seconds=seconds)


@pytest.fixture
def home(tmp_path):
    """A lake in which one camera was run, a truth of it, and where it was recorded for a minute."""
    home = tmp_path / "home"
    lake, day = Lake(home / "lake", arcade().site), CameraDay(DAY, CAMERA)
    timeline = pl.DataFrame([(START, _at(60), "0" * 64)], schema=TIMELINE.schema, orient="row")
    # Every other frame, but the id changes after the first second.
    tracks = pl.DataFrame(
        [
            (int(frame > 10), _at((frame - 1) / 10), 100 + frame, 50, 140 + frame, 140, 0.9, None)
            for frame in range(1, 21)
        ],
        schema=TRACKS.schema.names(),
        orient="row",
    )
    lake.write(TIMELINE, day, timeline)
    lake.write(TRACKS, day, tracks.cast(dict(TRACKS.schema)))
    lake.write(GATE_EVENTS, day, crossings(("entrance", _at(5), "in"), ("entrance", _at(7), "in")))
    lake.write(ZONE_VISITS, day, stays(("display", _at(8), 24)))
    truth = tmp_path / "truth"
    truth.mkdir()
    _lines(truth / f"{CAMERA}_gt.txt", BOXES)
    crossings(("entrance", _at(5), "in"), ("entrance", _at(90), "in")).write_parquet(
        truth / "gate_crossings.parquet"
    )
    stays(("display", _at(8), 34)).write_parquet(truth / "zone_visits.parquet")
    return home


def _day(home, *arguments, **environment):
    folder = ("--day", DAY, "--truth", home.parent / "truth")
    return _evaluate("day", *folder, *arguments, FOOTFALL_HOME=str(home), **environment)


def test_a_day_has_tracks_gates_and_zones(home, tmp_path):
    result = _day(home, *AT_TEN, "--json", tmp_path / "day.json")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[1].split() == [
        *(CAMERA, "0.707", "1.000", "0.500", "0.500", "0.950", "1.000", "1.000"),
        *("1", "2", "1", "2.00"),
    ]
    assert ["entrance", "2", "1", "+1", "0", "0", "+0"] in [
        line.split() for line in result.stdout.splitlines()
    ]
    figures = json.loads((tmp_path / "day.json").read_text())
    assert figures["cameras"][CAMERA] == figures["together"]
    assert figures["together"]["id_ratio"] == 2
    # What happened when the camera was not recorded any more is no miss.
    assert figures["gates"] == [
        {"gate": "entrance", "entries": 2, "true_entries": 1, "exits": 0, "true_exits": 0}
    ]
    (display,) = figures["zones"]
    assert (display["dwell_median_s"], display["true_dwell_median_s"]) == (24, 34)
    # Somebody was there at 10, 20, 30 and, as nobody counted, 40 s.
    assert display["occupancy_error"] == pytest.approx(1 / 6)


def test_frames_that_were_not_recorded_are_left_out(home):
    _lines(home.parent / "truth" / f"{CAMERA}_gt.txt", [*BOXES, "700,2,0,0,40,90,1,1,1"])
    result = _day(home, *AT_TEN)
    assert result.exit_code == 0, result.output
    assert f"Note: {CAMERA}: 100 frames of the truth were not recorded, left out" in result.stdout
    assert result.stdout.splitlines()[1].split()[-2] == "1"


def test_a_truth_may_be_of_counts_alone(home):
    (home.parent / "truth" / f"{CAMERA}_gt.txt").unlink()
    result = _day(home)
    assert result.exit_code == 0, result.output
    assert "HOTA" not in result.stdout
    assert "entrance" in result.stdout


def test_tracks_that_were_purged_are_refused_and_counts_are_not(home):
    lake = Lake(home / "lake", arcade().site)
    with purge.only_purge(lake):
        list(purge.forget_partitions(lake, START + dt.timedelta(days=5)))
    result = _day(home, *AT_TEN)
    assert result.exit_code == 1
    assert "materialise the whole camera-day again" in _words(result)
    assert f"to compare counts alone, give a folder without {CAMERA}_gt.txt" in _words(result)
    (home.parent / "truth" / f"{CAMERA}_gt.txt").unlink()
    assert _day(home).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param((), "give --starts, the local time of frame 1, and --fps", id="no start"),
        pytest.param(
            ("--starts", "2026-03-15 10:00:00", "--fps", "10"),
            "cam_entrance was not recorded while the truth goes on",
            id="another day's start",
        ),
        pytest.param(
            (*AT_TEN, "--camera", "cam_attic"),
            "has no camera cam_attic on 2026-03-14; it has cam_entrance, cam_shops",
            id="no such camera",
        ),
        pytest.param(
            (*AT_TEN, "--camera", "cam_shops"),
            "timeline of cam_shops|2026-03-14 is not there; materialise it first",
            id="a camera that was not run",
        ),
        pytest.param(
            (*AT_TEN, "--day", "2026-04-01"),
            "2026-04-01 is no trading day of site arcade, which is open from 2026-03-09 to",
            id="a day after closing",
        ),
        pytest.param(
            (*AT_TEN, "--day", "2026-03-13"),
            "nothing was made of 2026-03-13 of site arcade; `footfall run` makes it",
            id="a day that was not run",
        ),
    ],
)
def test_a_day_that_cannot_be_scored_is_refused_in_words(home, arguments, said):
    result = _day(home, *arguments)
    assert result.exit_code == 1
    assert said in _words(result)


def test_a_folder_without_truth_is_refused(home, tmp_path):
    (tmp_path / "empty" / "truth").mkdir(parents=True)
    result = _day(home, "--truth", tmp_path / "empty")
    assert result.exit_code == 1
    assert f"did you mean {tmp_path / 'empty' / 'truth'}?" in _words(result)


def test_a_simulation_of_another_day_is_refused(home):
    made = {"arguments": {"day": "2026-03-13", "start": "10:00:00", "fps": 10, "site": ""}}
    (home.parent / "truth" / "simulation.json").write_text(json.dumps(made))
    result = _day(home)
    assert result.exit_code == 1
    assert "is the truth of 2026-03-13, not of 2026-03-14" in _words(result)


def test_a_simulation_says_itself_when_it_was_and_what_of(home):
    made = {"arguments": {"day": "2026-03-14", "start": "10:00:00", "fps": 10, "site": "other"}}
    (home.parent / "truth" / "simulation.json").write_text(json.dumps(made))
    result = _day(home)
    assert result.exit_code == 0, result.output
    assert "0.707" in result.stdout
    assert "the site's files were changed since this truth was drawn" in result.stdout


def test_crossings_of_another_form_are_refused(home):
    pl.DataFrame({"gate": ["entrance"]}).write_parquet(
        home.parent / "truth" / "gate_crossings.parquet"
    )
    result = _day(home, *AT_TEN)
    assert result.exit_code == 1
    assert "no Parquet file with the columns gate, at, direction" in _words(result)


def test_figures_do_not_go_where_the_audit_looks(home):
    result = _day(home, *AT_TEN, "--json", home / "day.json")
    assert result.exit_code == 1
    assert "choose a folder outside" in _words(result)
    assert not (home / "day.json").exists()


def test_tracks_of_any_program_are_scored(tmp_path):
    truth = _lines(tmp_path / "gt.txt", BOXES)
    tracks = _lines(
        tmp_path / "theirs.txt", [f"{line.rsplit(',', 3)[0]},-1,-1,-1" for line in BOXES]
    )
    result = _evaluate("tracks", tracks, "--truth", truth, "--json", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[1].split()[:2] == ["theirs.txt", "1.000"]
    assert json.loads((tmp_path / "out.json").read_text())["idf1"] == 1


def test_who_is_hidden_counts_by_the_option_and_not_at_all_beside_a_simulation(tmp_path):
    truth = _lines(tmp_path / "gt.txt", [*BOXES, "1,2,300,50,40,90,1,1,0.05"])
    tracks = _lines(tmp_path / "theirs.txt", BOXES)

    def people(*options):
        result = _evaluate("tracks", tracks, "--truth", truth, *options)
        assert result.exit_code == 0, result.output
        return int(result.stdout.split()[-2])

    assert people() == 2
    assert people("--visible", "0.1") == 1
    (tmp_path / "simulation.json").write_text('{"arguments": {}}')
    assert people() == 1
    assert people("--visible", "0") == 2


@pytest.mark.parametrize(
    ("truth", "said"),
    [
        pytest.param([], "gt.txt: the file is empty", id="an empty truth"),
        pytest.param(["1,1,0,0"], "gt.txt: 4 columns; at least 6 are needed", id="wrong columns"),
        pytest.param(
            ["26,1,0,0,10,20"],
            "gt.txt has boxes in frame 26, and clip.mp4 has 25 frames that decode",
            id="more frames than the video",
        ),
    ],
)
def test_a_clip_with_a_truth_that_does_not_fit_is_refused(tmp_path, truth, said):
    weights = _lines(tmp_path / "weights.pt", [])
    gt = _lines(tmp_path / "gt.txt", truth)
    result = _evaluate("clip", write_video(tmp_path), "--truth", gt, "--weights", weights)
    assert result.exit_code == 1
    assert said in _words(result)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(
            ("--camera", "cam_b"),
            "camera cam_b has no calibration in cameras.yaml; add pairs to it, or leave out",
            id="a camera without calibration",
        ),
        pytest.param(
            ("--camera", "cam_x"), "has no camera cam_x; it has cam_a, cam_b", id="no such camera"
        ),
        pytest.param(
            ("--camera", "cam_a"),
            "clip.mp4 is 64x48, and camera cam_a is calibrated for 720x480",
            id="another size of frames",
        ),
    ],
)
def test_a_camera_that_does_not_fit_is_refused(tmp_path, options, said):
    (tmp_path / "site").mkdir()
    site = write_site(tmp_path / "site")
    gt, weights = _lines(tmp_path / "gt.txt", BOXES), _lines(tmp_path / "weights.pt", [])
    given = (write_video(tmp_path), "--truth", gt, "--weights", weights, "--site", site, *options)
    result = _evaluate("clip", *given)
    assert result.exit_code == 1
    assert said in _words(result)


def test_without_weights_both_remedies_are_told(tmp_path):
    gt = _lines(tmp_path / "gt.txt", BOXES)
    nowhere = {"FOOTFALL_HOME": str(tmp_path / "home"), "FOOTFALL_WEIGHTS": ""}
    result = _evaluate("clip", write_video(tmp_path), "--truth", gt, **nowhere)
    assert result.exit_code == 1
    assert "run `footfall weights` once" in _words(result)
    assert not (tmp_path / "home").exists()
