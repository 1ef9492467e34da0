"""How a recorder cuts its files, and what becomes of one that cannot be read, through Dagster."""

import datetime as dt
import random
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import dagster as dg
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.marts.contracts import MARTS
from assets.plan import SitePlan
from footfall_dagster.definitions import build_definitions
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.runs import QUIET
from footfall_dagster.settings import Settings
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.integration.prove import corner_shop
from tests.oracle.stored import materialise
from tests.unit.vision.hostile import Deed, Hostile
from vision.contracts import ANONYMISED_TRAJECTORIES, DETECTIONS, GATE_EVENTS, TRACKS, ZONE_VISITS
from vision.contracts_ingest import CAMERA_EXPORTS, COVERAGE
from vision.exports.folder import Recordings
from vision.exports.reading import Readable
from vision.protocols import Boxes, Frame
from vision.site.load import load_site

COUNTED = (DETECTIONS, TRACKS, ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS)


def camera_day(
    settings: Settings, day: CameraDay, **resources: object
) -> tuple[Lake, dg.ExecuteInProcessResult]:
    """One camera-day, materialised whole."""
    plan = SitePlan(load_site(settings.site))
    definitions = build_definitions(settings, resources=resources)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(plan.cameras.name or "", [day.camera])
        result = definitions.resolve_job_def("camera_day").execute_in_process(
            instance=instance,
            partition_key=dg.MultiPartitionKey({"date": str(day.day), "camera": day.camera}),
            run_config=QUIET,
        )
    assert result.success
    return Lake(settings.lake, plan.site), result


def copy_frames(clip: Path, targets: list[tuple[Path, int]]) -> None:
    """Copy the frames of `clip` without loss into files of so many frames each."""
    with av.open(str(clip)) as container:
        frames = container.decode(video=0)
        for path, count in targets:
            path.parent.mkdir(parents=True, exist_ok=True)
            with av.open(str(path), "w") as out:
                stream = out.add_stream("libx264", rate=25, options={"qp": "0", "preset": "fast"})
                stream.width, stream.height, stream.pix_fmt = 384, 288, "yuv420p"
                for number in range(count):
                    frame = next(frames)
                    frame.pts, frame.time_base = number, Fraction(1, 25)
                    frame.pict_type = 0
                    out.mux(stream.encode(frame))
                out.mux(stream.encode())


LISBON = CameraDay(dt.date(2004, 1, 20), "corridor")
BEGAN = dt.datetime(2004, 1, 20, 10, 38, 38, 197_000)
FRAMES, FILES, SHORTEST = 1675, 30, 52
"""Of the clip; so many it is cut into; no file is shorter, so that names a second off stay in
order."""


@dataclass
class Corridor:
    """A real corridor, its recorder's names in the form of a start to the millisecond."""

    home: Path
    clip: Path
    weights: Path
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        site = self.home / "site"
        shutil.copytree("examples/caviar", site)
        described = (site / "cameras.yaml").read_text()
        named = "exports: cut/%Y%m%d_%H%M%S_%f.mkv"
        head, _, tail = described.partition("exports: caviar/*1cor.m*")
        clock, _, rest = tail.partition("    calibration:")
        assert "starts" in clock
        frame = "\n    frame: [384, 288]\n"
        (site / "cameras.yaml").write_text(f"{head}{named}{frame}    calibration:{rest}")
        self.settings = Settings(
            site=site,
            home=self.home / "var",
            recordings=self.home / "recordings",
            weights=self.weights,
        )

    def record(self, counts: list[int], jitter_s: float) -> None:
        rng = random.Random(4)
        firsts = [sum(counts[:number]) for number in range(len(counts))]
        targets = []
        for first, count in zip(firsts, counts, strict=True):
            wrong_s = rng.uniform(-jitter_s, jitter_s) if first else 0.0
            begins = BEGAN + dt.timedelta(milliseconds=40 * first + round(1000 * wrong_s))
            name = f"{begins:%Y%m%d_%H%M%S}_{begins.microsecond // 1000:03d}.mkv"
            targets.append((self.settings.recordings / "cut" / name, count))
        copy_frames(self.clip, targets)

    def record_once_more(self) -> None:
        """One of the files lies there under a second name, as of two seconds later."""
        first = min((self.settings.recordings / "cut").iterdir())
        begins = BEGAN + dt.timedelta(seconds=2)
        shutil.copy(first, first.with_name(f"{begins:%Y%m%d_%H%M%S}_197.mkv"))

    def made(self) -> dict[str, pl.DataFrame]:
        """What is stored of the camera-day, and the marts of the day."""
        lake, _ = camera_day(self.settings, LISBON)
        exports = lake.read(CAMERA_EXPORTS, LISBON)
        assert set(exports["status"]) <= {"catalogued", "repeated"}
        warehouse = DuckDBWarehouse.below(self.settings.warehouse)
        materialise(lake, warehouse, [LISBON.day])
        marts = warehouse.read_days(list(MARTS.values()), lake.site.id, [LISBON.day])
        rows = {one.name: lake.read(one, LISBON) for one in (*COUNTED, COVERAGE)}
        return rows | marts | {CAMERA_EXPORTS.name: exports}


def random_cut() -> list[int]:
    rng = random.Random(7)
    spare = sorted(rng.randint(0, FRAMES - FILES * SHORTEST) for _ in range(FILES - 1))
    edges = [0, *spare, FRAMES - FILES * SHORTEST]
    return [SHORTEST + other - one for one, other in pairwise(edges)]


@pytest.fixture(scope="module")
def whole(
    footage: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, pl.DataFrame]:
    home = tmp_path_factory.mktemp("whole")
    corridor = Corridor(home, footage / "caviar" / "ShopAssistant1cor.mp4", weights)
    corridor.record([FRAMES], jitter_s=0)
    return corridor.made()


@pytest.mark.footage
@pytest.mark.parametrize(
    "jitter_s",
    [
        pytest.param(0.0, id="named to the millisecond", marks=pytest.mark.long),
        pytest.param(1.0, id="named up to a second wrong"),
    ],
)
def test_a_clip_in_thirty_files_and_one_of_them_twice_gives_the_figures_of_the_whole(
    jitter_s: float,
    whole: dict[str, pl.DataFrame],
    footage: Path,
    weights: Path,
    tmp_path: Path,
) -> None:
    corridor = Corridor(tmp_path, footage / "caviar" / "ShopAssistant1cor.mp4", weights)
    counts = random_cut()
    assert (len(counts), sum(counts)) == (FILES, FRAMES)
    corridor.record(counts, jitter_s)
    corridor.record_once_more()
    cut = corridor.made()
    assert cut[CAMERA_EXPORTS.name]["status"].to_list().count("repeated") == 1
    assert_same(cut, whole)


def assert_same(cut: dict[str, pl.DataFrame], whole: dict[str, pl.DataFrame]) -> None:
    """Rows of people are equal, whole marts too, and what was observed up to the cuts."""
    assert whole[TRACKS.name]["track"].n_unique() > 3
    assert whole["heatmap_hourly"]["person_seconds"].sum() > 30
    for contract in COUNTED:
        assert cut[contract.name].equals(whole[contract.name]), contract.name
    # A file's end is stored to the hundredth of a second.
    hundredths = 0.01 * FILES
    seen, seen_whole = (float(one[COVERAGE.name]["readable_s"].sum()) for one in (cut, whole))
    assert seen == pytest.approx(seen_whole, abs=hundredths)
    for name in MARTS:
        assert_frame_equal(cut[name], whole[name], rel_tol=0, abs_tol=hundredths)


SHOP = CameraDay(corner_shop.DAY, corner_shop.CAMERA)


@dataclass(frozen=True, slots=True)
class Trapped(Recordings):
    """Recordings of which one does something to its decoder once it is catalogued."""

    bad: str = ""
    deed: Deed = "crash"

    def source(self, file_name: str) -> Readable:  # type: ignore[override]
        """The file, or the trap."""
        if file_name.endswith(self.bad):
            return Hostile(self.root / file_name, self.deed, share=0.6)
        return Recordings.source(self, file_name)


def film(settings: Settings, begins: str, seconds: int) -> None:
    """A recording of the corner shop from `begins` on, a time of day in UTC."""
    path = settings.recordings / "cam_door" / f"20260314_{begins}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(2)
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=5, options={"g": "5"})
        stream.width, stream.height, stream.pix_fmt = 200, 180, "yuv420p"
        for _ in range(5 * seconds):
            noise = rng.integers(0, 256, (180, 200, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="bgr24")))
        container.mux(stream.encode())


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    settings = corner_shop.open_shop(tmp_path)
    shutil.rmtree(settings.recordings)
    return settings


class EveryFrame(corner_shop.Scripted):
    """Notes when each frame was taken."""

    def __init__(self) -> None:
        self.times: list[dt.datetime] = []

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        def noted() -> Iterator[Frame]:
            for frame in frames:
                self.times.append(dt.datetime.fromtimestamp(frame.at_us / 1e6, dt.UTC))
                yield frame

        return super().detect(noted())


def test_somebody_who_walks_through_the_cut_between_two_files_is_one_track(
    shop: Settings, tmp_path: Path
) -> None:
    film(shop, "100000", 12)
    lake, _ = camera_day(shop, SHOP, detector=corner_shop.Scripted())
    whole = {one.name: lake.read(one, SHOP) for one in COUNTED}
    assert whole[TRACKS.name]["track"].n_unique() == 6
    shutil.rmtree(shop.recordings)
    film(shop, "100000", 5)
    film(shop, "100005", 7)
    elsewhere = shop.model_copy(update={"home": tmp_path / "again"})
    lake, _ = camera_day(elsewhere, SHOP, detector=corner_shop.Scripted())
    for contract in COUNTED:
        assert lake.read(contract, SHOP).equals(whole[contract.name]), contract.name


def test_only_the_start_of_the_trading_day_cuts(shop: Settings) -> None:
    """A file over midnight is one day's; one over 4 o'clock is shared, each frame once."""
    for begins in ("000000", "035957"):
        film(shop, begins, 6)
    days = [SHOP, CameraDay(SHOP.day - dt.timedelta(days=1), SHOP.camera)]
    described = shop.site / "site.yaml"
    described.write_text(described.read_text().replace("opens: 2026-03-14", "opens: 2026-03-13"))
    seen = {}
    for day in days:
        seer = EveryFrame()
        camera_day(shop, day, detector=seer)
        seen[day.day.day] = [f"{at:%H:%M:%S.%f}"[:10] for at in seer.times]
    assert len(seen[13]) == 5 * 6 + 5 * 3
    assert len(seen[14]) == 5 * 3
    assert seen[13][-1] == "03:59:59.8"
    assert seen[14][0] == "04:00:00.0"


@pytest.mark.parametrize("deed", ["crash", "explode"])
def test_a_file_that_crashes_its_decoder_costs_itself_and_coverage_says_so(
    shop: Settings, deed: Deed
) -> None:
    for begins in ("100000", "100100", "100200"):
        film(shop, begins, 60)
    trapped = Trapped(shop.recordings, bad="100100.mp4", deed=deed)
    lake, result = camera_day(shop, SHOP, detector=corner_shop.Scripted(), recordings=trapped)
    minutes = lake.read(COVERAGE, SHOP).filter(pl.col("recorded_s") > 0)
    assert minutes["recorded_s"].to_list() == [60, 60, 60]
    assert minutes["reason"].to_list() == [None, "unreadable", None]
    first, bad, last = minutes["readable_s"].to_list()
    assert (first, last) == (60, 60)
    assert 10 < bad < 50
    told = result.asset_materializations_for_node("corner_detect")
    (files,) = [
        one.metadata["files_given_up"].value for one in told if "files_given_up" in one.metadata
    ]
    assert files == 1
