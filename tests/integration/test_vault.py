"""Traits of people in real runs: used by tracking, and nowhere to be found when it is done."""

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
import pytest

from assets.plan import SitePlan
from footfall_dagster.definitions import build_definitions
from footfall_dagster.lake import CameraDay, Lake, NotMaterialised
from footfall_dagster.runs import QUIET
from footfall_dagster.sensors import missing_cameras
from footfall_dagster.settings import Settings
from tests.unit.footfall_dagster.privacy.test_vault import appears
from vision.contracts import DETECTIONS, TRACKS, ZONE_DEMOGRAPHICS_DAILY
from vision.protocols import Boxes, Frame, View
from vision.site.load import load_site

DAY, CAMERA = dt.date(2026, 3, 14), "cam_shops"
PARTITION = dg.MultiPartitionKey({"date": DAY.isoformat(), "camera": CAMERA})
CAMERA_DAY = CameraDay(DAY, CAMERA)
PEOPLE = 60
LOOKS = np.random.default_rng(11).normal(size=(PEOPLE, 24)).astype(np.float32)
"""What the detector of these tests sees people look like: nothing that a picture could give."""
GUESSES = np.array([[33.25, 0.015625]] * 52 + [[61.75, 0.984375]] * 8, dtype=np.float32)


class Crowd:
    """A detector that sees sixty people stand in the corridor, in every frame."""

    description = "made up"

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        x = 300 + np.arange(PEOPLE) / 4
        xyxy = np.column_stack([x - 12, np.full(PEOPLE, 190.0), x + 12, np.full(PEOPLE, 270.0)])
        for frame in frames:
            yield Boxes(
                frame.at_us,
                xyxy.astype(np.float32),
                np.full(PEOPLE, 0.9, dtype=np.float32),
                LOOKS.copy(),
            )


class ByPlace:
    """A tracker that makes each place of the crowd a track, and tells a test what it was given."""

    def __init__(self, meet: Callable[[np.ndarray | None], None] = lambda _given: None) -> None:
        self._meet = meet

    def track(
        self, detections: pl.DataFrame, view: View, appearance: np.ndarray | None = None
    ) -> pl.DataFrame:
        self._meet(None if appearance is None else appearance.copy())
        number = (pl.col("x_min").rank("dense") - 1).alias("track")
        tracks = detections.select(number, pl.all(), joined=None)
        return tracks.cast(TRACKS.schema).sort(TRACKS.key)


def guess(image: np.ndarray, xyxy: np.ndarray) -> np.ndarray:
    return GUESSES.copy()


class Place:
    """An arcade with some privacy settings, a Dagster instance on disk, and two seconds of film."""

    def __init__(self, home: Path, clip: Path, privacy: str, tracker: ByPlace) -> None:
        self.home = home
        site = home / "site"
        if not site.exists():
            shutil.copytree("examples/arcade", site, ignore=shutil.ignore_patterns("notice"))
            folder = home / "recordings" / CAMERA
            folder.mkdir(parents=True)
            # With its time of writing, which the catalogue has.
            shutil.copy2(clip, folder / f"{CAMERA}_20260314_100000.mp4")
            (home / "dagster").mkdir()
        text = Path("examples/arcade/site.yaml").read_text()
        (site / "site.yaml").write_text(text.replace("privacy:\n", f"privacy:\n{privacy}"))
        self.settings = Settings(site=site, home=home, recordings=home / "recordings")
        self.lake = Lake(self.settings.lake, load_site(site))
        self._definitions = build_definitions(
            self.settings, resources={"detector": Crowd(), "tracker": tracker, "guesser": guess}
        )

    def run(self, *names: str) -> dg.ExecuteInProcessResult:
        """The camera-day, or some of its assets."""
        plan = SitePlan(self.lake.site)
        with dg.DagsterInstance.local_temp(str(self.home / "dagster")) as instance:
            cameras = missing_cameras(plan, instance)
            instance.add_dynamic_partitions(plan.cameras.name or "", cameras)
            return self._definitions.resolve_job_def("camera_day").execute_in_process(
                instance=instance,
                partition_key=PARTITION,
                run_config=QUIET,
                raise_on_error=False,
                asset_selection=[plan.key(name) for name in names] or None,
            )

    def vault(self) -> list[Path]:
        return sorted(self.settings.vault.glob("*"))

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.home.rglob("*") if path.is_file())
        return {str(path.relative_to(self.home)): path.read_bytes() for path in found}


def figures(*arrays: np.ndarray) -> Iterator[bytes]:
    """How a log line, a JSON or a traceback would write the figures, to seven places.

    With fewer, one is met by chance: Dagster's storage is full of times to the microsecond.
    """
    for array in arrays:
        for value in array.ravel().tolist():
            yield f"{abs(value):.10f}"[:-3].encode()


def leaks(files: dict[str, bytes]) -> list[str]:
    """Files in which anything of the looks stands, as bytes or as text."""
    texts = list(figures(LOOKS))
    return [
        name
        for name, content in files.items()
        if appears(LOOKS, content) or any(text in content for text in texts)
    ]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import av

    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        picture = np.full((360, 640, 3), 127, dtype=np.uint8)
        for _ in range(20):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return path


def metadata(result: dg.ExecuteInProcessResult, name: str) -> dict[str, object]:
    (found,) = (
        event.step_materialization_data.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None and event.asset_key.path[-1] == name
    )
    return {key: value.value for key, value in found.items()}


def warnings(result: dg.ExecuteInProcessResult, home: Path) -> str:
    with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
        return "\n".join(entry.message for entry in instance.all_logs(result.run_id))


def failures(result: dg.ExecuteInProcessResult) -> list[str]:
    return [
        event.step_failure_data.user_failure_data.description or ""
        for event in result.all_events
        if event.is_step_failure and event.step_failure_data.user_failure_data
    ]


@pytest.mark.parametrize("held_in", ["memory", "vault"])
def test_tracking_gets_the_vectors_and_nothing_of_them_is_left(
    held_in: str, tmp_path: Path, clip: Path
) -> None:
    given: list[np.ndarray | None] = []
    on_disk: list[list[str]] = []

    def meet(appearance: np.ndarray | None) -> None:
        given.append(appearance)
        on_disk.append(leaks(place.files()))

    place = Place(tmp_path, clip, f"  appearance: {held_in}\n", ByPlace(meet))
    result = place.run()
    assert result.success
    boxes = place.lake.read(DETECTIONS, CAMERA_DAY).height
    (vectors,) = given
    assert vectors is not None
    assert np.array_equal(vectors, np.tile(LOOKS, (boxes // PEOPLE, 1)))
    assert boxes >= 5 * PEOPLE
    told = metadata(result, "tracks")
    assert told["traits_held_in"] == held_in
    assert told["traits_destroyed_boxes"] == boxes
    assert place.vault() == []
    # Neither while it is held, nor when it is done.
    assert on_disk == [[]]
    assert leaks(place.files()) == []
    assert leaks({"as a vector would stand": LOOKS.tobytes()})
    assert leaks({"as a log line would say it": repr(LOOKS.tolist()).encode()})
    assert leaks({"as a traceback would say it": repr(LOOKS[:2]).encode()})


def test_switched_off_the_vectors_of_a_detector_go_nowhere_and_every_byte_is_the_same(
    tmp_path: Path, clip: Path
) -> None:
    given: list[np.ndarray | None] = []
    stored = {}
    for privacy in ("", "  appearance: memory\n", "  appearance: vault\n"):
        home = tmp_path / str(len(stored))
        home.mkdir()
        place = Place(home, clip, privacy, ByPlace(given.append))
        result = place.run()
        assert result.success
        stored[privacy] = {
            path.relative_to(place.settings.lake): path.read_bytes()
            for path in place.settings.lake.rglob("*.parquet")
        }
        if not privacy:
            assert not [name for name in metadata(result, "tracks") if name.startswith("traits")]
            assert place.vault() == []
            assert leaks(place.files()) == []
    off, memory, vault = stored.values()
    assert given[0] is None
    assert given[1] is not None
    assert off == memory == vault
    assert len(off) == 8


@pytest.mark.parametrize("held_in", ["memory", "vault"])
def test_a_tracker_that_fails_takes_the_vectors_with_it(
    held_in: str, tmp_path: Path, clip: Path
) -> None:
    def fail(appearance: np.ndarray | None) -> None:
        raise ValueError(f"cannot join {None if appearance is None else appearance.tolist()}")

    place = Place(tmp_path, clip, f"  appearance: {held_in}\n", ByPlace(fail))
    result = place.run()
    assert not result.success
    assert "ValueError in test_vault.py" in " ".join(failures(result))
    assert place.vault() == []
    assert leaks(place.files()) == []


def test_detections_alone_leave_no_vectors_and_tracks_alone_say_that_there_are_none(
    tmp_path: Path, clip: Path
) -> None:
    given: list[np.ndarray | None] = []
    place = Place(tmp_path, clip, "  appearance: vault\n", ByPlace(given.append))
    assert place.run("camera_exports", "timeline", "coverage", "detections").success
    assert place.vault() == []
    result = place.run("tracks")
    assert result.success
    assert given == [None]
    assert "by motion alone" in " ".join(warnings(result, tmp_path).split())
    assert metadata(result, "tracks")["traits_destroyed_boxes"] == 0


KILLED = """
import sys, time
from pathlib import Path
from tests.integration.test_vault import ByPlace, Place

def halt(appearance):
    print(len(appearance), flush=True)
    time.sleep(600)

Place(Path(sys.argv[1]), Path(sys.argv[2]), "  appearance: vault\\n", ByPlace(halt)).run()
"""


def test_a_run_killed_before_tracks_leaves_ciphertext_that_the_next_run_clears(
    tmp_path: Path, clip: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), str(clip)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) >= 5 * PEOPLE
        os.kill(process.pid, signal.SIGKILL)
    place = Place(tmp_path, clip, "  appearance: vault\n", ByPlace())
    (sealed,) = place.vault()
    assert sealed.stat().st_size >= 5 * LOOKS.nbytes
    assert leaks(place.files()) == []
    with pytest.raises(NotMaterialised):
        place.lake.read(TRACKS, CAMERA_DAY)
    assert place.run().success
    assert place.vault() == []
    assert not place.lake.read(TRACKS, CAMERA_DAY).is_empty()


@pytest.mark.parametrize("held_in", ["off", "vault"])
@pytest.mark.parametrize(
    ("k", "stored"), [(50, [("corridor", "18_to_34", "female", 50)]), (60, [])]
)
def test_guesses_become_a_count_of_many_people_or_nothing(
    held_in: str, k: int, stored: list[object], tmp_path: Path, clip: Path
) -> None:
    asked = f"  appearance: {held_in}\n  age_gender: {{k: {k}}}\n"
    place = Place(tmp_path, clip, asked, ByPlace())
    result = place.run()
    assert result.success
    assert place.lake.read(ZONE_DEMOGRAPHICS_DAILY, CAMERA_DAY).rows() == stored
    checked = [
        check
        for check in result.get_asset_check_evaluations()
        if check.asset_key.path[-1] == ZONE_DEMOGRAPHICS_DAILY.name
    ]
    assert {check.check_name for check in checked} >= {"contract", "wall"}
    assert all(check.passed for check in checked)
    assert place.vault() == []
    assert not [name for name, content in place.files().items() if appears(GUESSES, content)]


def test_the_counts_are_an_asset_only_where_a_site_asks_for_them(
    tmp_path: Path, clip: Path
) -> None:
    def assets_of(privacy: str) -> set[str]:
        place = Place(tmp_path, clip, privacy, ByPlace())
        graph = place._definitions.resolve_asset_graph()
        return {key.path[-1] for key in graph.get_all_asset_keys()}

    off = assets_of("")
    assert off == assets_of("  appearance: vault\n")
    assert assets_of("  age_gender: {}\n") - off == {ZONE_DEMOGRAPHICS_DAILY.name}


def test_tracks_made_without_a_look_at_the_frames_leave_the_stored_counts(
    tmp_path: Path, clip: Path
) -> None:
    place = Place(tmp_path, clip, "  age_gender: {}\n", ByPlace())
    assert place.run().success
    before = place.lake.read(ZONE_DEMOGRAPHICS_DAILY, CAMERA_DAY)
    assert place.run("tracks", ZONE_DEMOGRAPHICS_DAILY.name).success
    assert place.lake.read(ZONE_DEMOGRAPHICS_DAILY, CAMERA_DAY).equals(before)
    assert before.height == 1


def test_asked_for_without_networks_it_names_the_settings_and_the_advice(
    tmp_path: Path, clip: Path
) -> None:
    place = Place(tmp_path, clip, "  age_gender: {}\n", ByPlace())
    definitions = build_definitions(
        place.settings, resources={"detector": Crowd(), "tracker": ByPlace()}
    )
    place._definitions = definitions
    result = place.run()
    assert not result.success
    told = " ".join(failures(result))
    assert "FOOTFALL_FACE_MODEL" in told
    assert "we advise" in told
