"""What a run made of a trading day, beside a folder of truth.

Belongs here: which truth there is and of when, and reading the lake. Does not belong here: options
(`footfall_dagster.cli.evaluate`), or figures (`vision.evaluate`).
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall_dagster.cli.evaluate_clip import people
from footfall_dagster.lake import CameraDay, Lake, NotMaterialised, Purged
from footfall_dagster.settings import Settings
from vision.contracts import GATE_EVENTS, TRACKS, ZONE_VISITS
from vision.contracts_ingest import TIMELINE
from vision.evaluate.counts import GateCount, ZoneCount, gate_counts, zone_counts
from vision.evaluate.mot import found_at
from vision.evaluate.scores import Scores, pool, score
from vision.exports.instants import us_of
from vision.exports.intervals import Interval, merged
from vision.simulate.manifest import instant, read_manifest, site_digest
from vision.simulate.truth import FOLDER
from vision.site.load import load_site
from vision.site.models import SiteDay

_BOXES = "_gt.txt"
"""After the camera's id, the name of the file of its boxes."""


@dataclass(frozen=True)
class EvaluatedDay:
    """Figures of one trading day.

    Attributes:
        site: Id of the site.
        day: The trading day.
        scores: Of the tracks of each camera that the truth has boxes of.
        gates: Crossings, by gate.
        zones: Visits, by zone.
        notes: What a reader should know.
    """

    site: str
    day: dt.date
    scores: dict[str, Scores] = field(default_factory=dict)
    gates: list[GateCount] = field(default_factory=list)
    zones: list[ZoneCount] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def together(self) -> Scores:
        """All cameras as one; each camera's people are its own."""
        return pool(list(self.scores.values()))

    def figures(self) -> dict[str, object]:
        """All of them by name, as JSON takes them."""
        return {
            "site": self.site,
            "day": self.day.isoformat(),
            "cameras": {camera: one.figures() for camera, one in self.scores.items()},
            "together": self.together.figures() if self.scores else None,
            "gates": [asdict(one) for one in self.gates],
            "zones": [asdict(one) for one in self.zones],
        }


def evaluate_day(
    settings: Settings,
    day: dt.date,
    folder: Path,
    *,
    camera: str | None,
    starts: dt.datetime | None,
    fps: float | None,
    visible: float | None,
    on_camera: Callable[[int, int | None], None] = lambda _done, _of: None,
) -> EvaluatedDay:
    """Compare what is in the lake with whatever truth `folder` has.

    Args:
        settings: Which site and lake.
        day: The trading day.
        folder: Of the truth.
        camera: The only one to look at; None for all that were run.
        starts: When frame 1 of the boxes was taken, local; None where a simulation says.
        fps: Frames of the boxes per second; None where a simulation says.
        visible: As in `footfall_dagster.cli.evaluate_clip.people`.
        on_camera: Told how many cameras are done, of how many.

    Raises:
        ValueError: The truth is of another day, is not readable, or does not say when it began.
        NotMaterialised: Nothing was made of the day.
        Purged: Its tracks were deleted by age.
        footfall_dagster.privacy.wall.Refused: What lies in the lake is not what was written.
        vision.site.load.SiteFileError: The site's files are wrong.
    """
    site = load_site(settings.site)
    if not site.file.trades_on(day):
        closes = f" to {site.file.closes}" if site.file.closes else " on"
        raise ValueError(
            f"{day} is no trading day of site {site.id}, which is open from {site.file.opens}"
            f"{closes}"
        )
    site_day = site.on(day)
    if camera is not None and camera not in site_day.cameras:
        raise ValueError(
            f"site {site.id} has no camera {camera} on {day}; it has "
            f"{', '.join(sorted(site_day.cameras))}"
        )
    truth = DayTruth.of(folder, site_day, starts, fps)
    lake = Lake(settings.lake, site)
    cameras = [camera] if camera else _that_were_run(lake, site_day)
    evaluated = EvaluatedDay(site.id, day)
    if truth.is_of_another_plan:
        evaluated.notes.append("the site's files were changed since this truth was drawn")
    for done, one in enumerate(cameras):
        on_camera(done, len(cameras))
        _add(evaluated, truth, lake, one, visible)
    return evaluated


@dataclass(frozen=True, slots=True)
class DayTruth:
    """What is known to have happened on a trading day.

    Attributes:
        folder: Where it lies.
        site_day: The site on that day.
        starts_us: When frame 1 of the boxes was taken, microseconds since the epoch, UTC; None
            where nothing says.
        fps: Frames of the boxes per second; None where nothing says.
        crossings: Who crossed which gate; None where nothing says.
        visits: Who stayed in which zone; None where nothing says.
        is_of_another_plan: Whether it was made for other site files than those of now.
    """

    folder: Path
    site_day: SiteDay
    starts_us: int | None
    fps: float | None
    crossings: pl.DataFrame | None
    visits: pl.DataFrame | None
    is_of_another_plan: bool

    @classmethod
    def of(
        cls, folder: Path, site_day: SiteDay, starts: dt.datetime | None, fps: float | None
    ) -> "DayTruth":
        """Read a folder; `starts` and `fps` go before what a simulation says of itself.

        Raises:
            ValueError: It is of another day, holds no truth, or a file cannot be read.
        """
        made = read_manifest(folder).get("arguments", {})
        if made and made["day"] != site_day.day.isoformat():
            raise ValueError(f"{folder} is the truth of {made['day']}, not of {site_day.day}")
        crossings = _table(folder / "gate_crossings.parquet", ("gate", "at", "direction"))
        visits = _table(
            folder / "zone_visits.parquet", ("zone", "entered_at", "left_at", "dwell_s")
        )
        if crossings is None and visits is None and not any(folder.glob(f"*{_BOXES}")):
            below = folder / FOLDER
            meant = f"; did you mean {below}?" if below.is_dir() else ""
            raise ValueError(
                f"{folder} holds no truth: no CAMERA{_BOXES}, gate_crossings.parquet or "
                f"zone_visits.parquet{meant}"
            )
        begins = None if starts is None else starts.replace(tzinfo=site_day.site.zone_info)
        if begins is None and made:
            begins = instant(site_day, dt.time.fromisoformat(made["start"]))
        return cls(
            folder,
            site_day,
            None if begins is None else us_of(begins),
            fps or made.get("fps"),
            crossings,
            visits,
            bool(made) and made["site"] != site_digest(site_day),
        )

    def boxes(self, camera: str, visible: float | None) -> pl.DataFrame | None:
        """Boxes in a camera's view; None where nothing says.

        Raises:
            vision.evaluate.mot.MotError: The file holds something else.
        """
        path = self.folder / f"{camera}{_BOXES}"
        return people(path, visible) if path.is_file() else None

    def frames_us(self, frames: int) -> NDArray[np.int64]:
        """When frames 1 to `frames` were taken.

        Raises:
            ValueError: Nothing says.
        """
        if self.starts_us is None or self.fps is None:
            raise ValueError(
                f"nothing in {self.folder} says when its frames were taken; give --starts, the "
                "local time of frame 1, and --fps"
            )
        offsets = np.round(np.arange(frames) / self.fps * 1e6).astype(np.int64)
        result: NDArray[np.int64] = self.starts_us + offsets
        return result


def _table(path: Path, columns: tuple[str, ...]) -> pl.DataFrame | None:
    if not path.is_file():
        return None
    try:
        return pl.read_parquet(path, columns=list(columns))
    except pl.exceptions.PolarsError:
        raise ValueError(
            f"{path} is no Parquet file with the columns {', '.join(columns)}, as `footfall "
            "simulate` writes it"
        ) from None


def _that_were_run(lake: Lake, site_day: SiteDay) -> list[str]:
    made = [one.camera for one in lake.stored_days(GATE_EVENTS.name) if one.day == site_day.day]
    if not made:
        raise NotMaterialised(
            f"nothing was made of {site_day.day} of site {site_day.site.id}; `footfall run` makes "
            "it"
        )
    return [camera for camera in made if camera in site_day.cameras]


def _add(
    evaluated: EvaluatedDay, truth: DayTruth, lake: Lake, camera: str, visible: float | None
) -> None:
    """Compare one camera-day with all that is known of it."""
    camera_day = CameraDay(evaluated.day, camera)
    recorded = _recorded(lake.read(TIMELINE, camera_day))
    boxes = truth.boxes(camera, visible)
    if boxes is not None:
        try:
            tracks = lake.read(TRACKS, camera_day)
        except Purged as gone:
            raise Purged(
                f"{gone}; to compare counts alone, give a folder without {camera}{_BOXES}"
            ) from None
        evaluated.scores[camera] = _scores(evaluated, truth, camera, boxes, tracks, recorded)
    if truth.crossings is not None:
        gates = [gate.id for gate in truth.site_day.gates_of(camera)]
        events = lake.read(GATE_EVENTS, camera_day)
        evaluated.gates.extend(gate_counts(events, truth.crossings, gates, recorded))
    if truth.visits is not None:
        zones = [zone for zone in truth.site_day.zones_of(camera) if zone.kind != "exclude"]
        visits = lake.read(ZONE_VISITS, camera_day)
        evaluated.zones.extend(zone_counts(visits, truth.visits, zones, recorded))


def _scores(
    evaluated: EvaluatedDay,
    truth: DayTruth,
    camera: str,
    boxes: pl.DataFrame,
    tracks: pl.DataFrame,
    recorded: Sequence[Interval],
) -> Scores:
    """Of one camera's tracks, in those frames of the truth that it recorded."""
    frames_us = truth.frames_us(int(boxes["frame"].to_numpy().max()))
    within = np.zeros(len(frames_us), dtype=bool)
    for begins, ends in recorded:
        within |= (frames_us >= begins) & (frames_us < ends)
    if not within.any():
        raise ValueError(
            f"{camera} was not recorded while the truth goes on; look whether --starts and --fps "
            "are right"
        )
    if away := int((~within).sum()):
        evaluated.notes.append(f"{camera}: {away} frames of the truth were not recorded, left out")
    frames = pl.DataFrame({"frame": np.flatnonzero(within) + 1})
    kept, seen = (
        rows.join(frames, on="frame", how="semi") for rows in (boxes, found_at(tracks, frames_us))
    )
    return score(kept, seen)


def _recorded(timeline: pl.DataFrame) -> list[Interval]:
    spans = timeline.select(pl.col("begins_at", "ends_at").dt.epoch("us")).iter_rows()
    return merged((begins, ends) for begins, ends in spans)
