"""A finished home made in seconds: everything real but the pixels.

Belongs here: a site, its recordings, and a detector and tracker that know where the simulated crowd
walks, so that the real jobs, checks, marts, release and report run on a day without a picture. Does
not belong here: leaks (`tests.privacy.corpus`).

The recordings are films of a chequered floor, one frame in ten seconds, in a grey for each camera;
by it the detector knows which camera it looks through. Without the chequers the cameras would be
taken for covered.
"""

import datetime as dt
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.plan import SitePlan
from footfall_dagster.definitions import build_definitions
from footfall_dagster.jobs import CAMERA_DAY, SITE_DAY, SITE_WEEK
from footfall_dagster.runs import QUIET, process_tags
from footfall_dagster.sensors import missing_cameras
from footfall_dagster.settings import Settings
from vision.contracts import TRACKS
from vision.pinhole import Pinhole
from vision.protocols import Boxes, Frame, View
from vision.simulate.trajectories import simulate_trajectories
from vision.site.load import load_site
from vision.site.models import Site

REPOSITORY = Path(__file__).resolve().parent.parent.parent
_SECONDS_PER_FRAME = 10
_FILE_S = 3600
_CHEQUER_PX, _CONTRAST = 40, 12
_BODY_M = 1.7
_BOX = ("x_min", "y_min", "x_max", "y_max")


@dataclass(frozen=True)
class Home:
    """A home and the site that it was made for."""

    settings: Settings

    @classmethod
    def at(cls, root: Path, recordings: Path | None = None) -> "Home":
        """The home whose site, lake, warehouse, reports and DAGSTER_HOME lie below `root`."""
        return cls(
            Settings(
                site=root / "site",
                home=root,
                recordings=recordings or root.parent / "recordings",
                weights=root / "absent.pt",
            )
        )

    @property
    def root(self) -> Path:
        """Folder of everything that was made."""
        return self.settings.home

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.root / "dagster"

    @property
    def temporary(self) -> Path:
        """What stands for the temporary directory of the machine."""
        return self.root / "tmp"

    def folder(self, place: str) -> Path:
        """Where the plants of one of `tests.privacy.corpus.plants.PLACES` go."""
        return {
            "lake": self.settings.lake,
            "warehouse": self.settings.warehouse,
            "report": self.settings.reports,
            "dagster": self.dagster,
            "temporary": self.temporary,
            "vault": self.settings.vault,
        }[place]

    @property
    def site(self) -> Site:
        """The site as its files say."""
        return load_site(self.settings.site)

    @contextmanager
    def open(self) -> Iterator[dg.DagsterInstance]:
        """The persistent instance, as dagster.yaml configures it."""
        before = os.environ.get("DAGSTER_HOME")
        os.environ["DAGSTER_HOME"] = str(self.dagster)
        try:
            with dg.DagsterInstance.get() as instance:
                yield instance
        finally:
            if before is None:
                del os.environ["DAGSTER_HOME"]
            else:
                os.environ["DAGSTER_HOME"] = before

    def page(self, day: dt.date) -> Path:
        """The report page of `day`."""
        return self.settings.reports / f"site={self.site.id}" / f"{day}.html"


def lay_out(root: Path, opens: dt.date, closes: dt.date) -> Home:
    """An empty home for the arcade, open from `opens` to `closes`; without its notice."""
    home = Home.at(root)
    arcade = REPOSITORY / "examples" / "arcade"
    shutil.copytree(arcade, root / "site", ignore=shutil.ignore_patterns("notice"))
    described = root / "site" / "site.yaml"
    text = described.read_text()
    for field, day in (("opens", opens), ("closes", closes)):
        text = "\n".join(
            f"{field}: {day}" if line.startswith(f"{field}:") else line for line in text.split("\n")
        )
    described.write_text(text)
    home.dagster.mkdir()
    (home.dagster / "dagster.yaml").symlink_to(REPOSITORY / "dagster.yaml")
    home.temporary.mkdir()
    home.settings.recordings.mkdir(exist_ok=True)
    return home


class Crowd:
    """Detector and tracker at once: sees in a grey film whom the simulator has walk there."""

    def __init__(self, site: Site, people: int, seed: int) -> None:
        self._site = site
        self._people = people
        self._seed = seed
        self._seen = TRACKS.empty()

    description = "simulated crowd"

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        """Every box up to the time of each frame, one moment a second."""
        self._seen = TRACKS.empty()
        waiting: list[tuple[int, pl.DataFrame]] = []
        for number, frame in enumerate(frames):
            if number == 0:
                self._seen = self._tracks(frame)
                by_moment = self._seen.group_by("frame_at", maintain_order=True)
                waiting = [
                    (_us(moment), rows) for (moment,), rows in sorted(by_moment, key=lambda x: x[0])
                ][::-1]
            until = frame.at_us + _SECONDS_PER_FRAME * 1_000_000
            while waiting and waiting[-1][0] < until:
                at_us, rows = waiting.pop()
                if at_us >= frame.at_us:
                    yield Boxes(at_us, rows.select(_BOX).to_numpy(), rows["confidence"].to_numpy())

    def track(
        self,
        detections: pl.DataFrame,
        view: View,
        appearance: NDArray[np.float32] | None = None,
    ) -> pl.DataFrame:
        """Whose box each was."""
        known = detections.join(self._seen, on=["frame_at", *_BOX, "confidence"], how="inner")
        # Numbered anew: whoever passed between two films is in no detection.
        ranks = pl.col("track").rank("dense").cast(pl.Int32) - 1
        return known.with_columns(ranks).select(TRACKS.schema.names()).sort("track", "frame_at")

    def _tracks(self, frame: Frame) -> pl.DataFrame:
        at = dt.datetime.fromtimestamp(frame.at_us / 1e6, dt.UTC)
        day = next(
            day
            for day in (at.date(), at.date() - dt.timedelta(days=1))
            if self._site.day_window(day)[0] <= at < self._site.day_window(day)[1]
        )
        site_day = self._site.on(day)
        camera = sorted(site_day.cameras)[_number_of_grey(float(frame.image.mean()))]
        seed = self._seed + day.toordinal()
        walked = simulate_trajectories(site_day, self._people, seed)[camera]
        return _boxes(walked.anonymised_trajectories, Pinhole.of(site_day.cameras[camera]), seed)


def _boxes(positions: pl.DataFrame, pinhole: Pinhole, seed: int) -> pl.DataFrame:
    """Boxes of bodies that stand near the centres of floor cells, as a detector would find them."""
    rng = np.random.default_rng(seed)
    floor = positions.select("x_m", "y_m").to_numpy().astype(np.float64)
    floor += rng.uniform(-0.1, 0.1, floor.shape)
    feet = pinhole.project(np.column_stack([floor, np.zeros(len(floor))]))
    heads = pinhole.project(np.column_stack([floor, np.full(len(floor), _BODY_M)]))
    tall = feet[:, 1] - heads[:, 1]
    edges = {
        "x_min": feet[:, 0] - 0.2 * tall,
        "y_min": heads[:, 1],
        "x_max": feet[:, 0] + 0.2 * tall,
        "y_max": feet[:, 1],
    }
    limits = {"x": pinhole.width, "y": pinhole.height}
    return positions.select(
        pl.col("trajectory").alias("track"),
        pl.col("at").alias("frame_at"),
        *(
            pl.Series(name, np.clip(edge, 0, limits[name[0]]), dtype=pl.Float32)
            for name, edge in edges.items()
        ),
        pl.Series("confidence", rng.uniform(0.4, 0.95, len(floor)), dtype=pl.Float32),
        joined=None,
    ).cast(dict(TRACKS.schema))  # type: ignore[arg-type]


def _us(moment: object) -> int:
    assert isinstance(moment, dt.datetime)
    return round(moment.timestamp() * 1_000_000)


def _grey(number: int) -> int:
    return 60 + 40 * number


def _number_of_grey(mean: float) -> int:
    return round((mean - 60) / 40)


def record(home: Home, day: dt.date, *, without: Sequence[str] = (), gap_after: int = 99) -> None:
    """Films of the trading hours of `day` from every camera but those in `without`.

    Each is of an hour; the one that begins `gap_after` hours after opening is empty.
    """
    site_day = home.site.on(day)
    assert site_day.trading_hours is not None
    opens, closes = (at.astimezone(home.site.zone_info) for at in site_day.trading_hours)
    for number, (name, camera) in enumerate(sorted(site_day.cameras.items())):
        if name in without:
            continue
        film = _film(home.settings.recordings / f".grey-{number}.mp4", number, camera.frame)
        for hour in range(round((closes - opens).total_seconds() / 3600)):
            begins = opens + dt.timedelta(hours=hour)
            path = home.settings.recordings / begins.strftime(camera.exports)
            path.parent.mkdir(exist_ok=True)
            # A free box of its own after the film, so that no two files are the same.
            told = f"{name} {begins:%Y%m%d%H%M%S}".encode().ljust(40)
            free = (len(told) + 8).to_bytes(4, "big") + b"free" + told
            path.write_bytes(b"" if hour == gap_after else film.read_bytes() + free)


def _film(path: Path, number: int, size: tuple[int, int]) -> Path:
    if path.is_file():
        return path
    import av

    columns, rows = np.indices((size[1], size[0]))[::-1] // _CHEQUER_PX
    shade = _grey(number) + np.where((columns + rows) % 2, _CONTRAST, -_CONTRAST)
    image = np.repeat(shade[:, :, None], 3, axis=2).astype(np.uint8)
    with closing(av.open(path, "w", format="mp4")) as container:
        stream = container.add_stream("libx264", rate=Fraction(1, _SECONDS_PER_FRAME))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "30"}
        stream.codec_context.time_base = Fraction(_SECONDS_PER_FRAME)
        for index in range(_FILE_S // _SECONDS_PER_FRAME):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(_SECONDS_PER_FRAME)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def materialise(
    home: Home, instance: dg.DagsterInstance, days: Sequence[dt.date], *, people: int, seed: int
) -> None:
    """Run the real jobs of every camera-day, site-day and week."""
    crowd = Crowd(home.site, people, seed)
    definitions = build_definitions(
        home.settings,
        resources={"detector": crowd, "tracker": dg.ResourceDefinition(lambda _: crowd)},
    )
    plan = SitePlan(home.site)
    instance.add_dynamic_partitions(plan.cameras.name or "", missing_cameras(plan, instance))
    for day in days:
        for camera in sorted(home.site.on(day).cameras):
            key = dg.MultiPartitionKey({"date": day.isoformat(), "camera": camera})
            _run(definitions, instance, CAMERA_DAY, key)
        _run(definitions, instance, SITE_DAY, day.isoformat())
    for monday in sorted({day - dt.timedelta(days=day.weekday()) for day in days}):
        _run(definitions, instance, SITE_WEEK, monday.isoformat())


def _run(
    definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, partition: str
) -> None:
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance, partition_key=partition, tags=process_tags(), run_config=QUIET
    )
    assert result.success
