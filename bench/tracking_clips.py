"""Clips on which trackers are held against each other, and how good tracks of them are.

Belongs here: which clips, what is known of each, scores and counts of any program's tracks. Does
not belong here: making tracks (`bench.tracking_contenders`), tables (`bench.tracking`).

Everybody is judged by `vision.evaluate`, and everybody's tracks are counted at gates by the rule of
the product (`vision.floor`, `vision.crossings`).
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from footfall_dagster.cli.evaluate_clip import people
from vision.calibration import Homography
from vision.crossings import gate_events
from vision.evaluate.clip import Clip, read_homography
from vision.evaluate.mot import FOUND, found_at
from vision.evaluate.scores import Scores, score
from vision.floor import paths
from vision.protocols import View
from vision.simulate import simulate
from vision.site.load import load_site
from vision.site.models import CalibrationPair, Camera, Gate

ARCADE_DAY, CAVIAR_DAY = dt.date(2026, 3, 14), dt.date(2004, 1, 20)
SIZE, FPS = (960, 540), 30
DENSITIES = (6, 15, 30)
"""People a minute: the demo's, between, and the densest that can be simulated."""
NAMES = ("tud", *(f"arcade-{density}" for density in DENSITIES), "caviar")

_USUAL_FPS: float = Camera.model_fields["analysed_fps"].default
_CROSSED: dict[str, dict[tuple[str, str], int]] = {
    "EnterExitCrossingPaths1front": {("promod_door", "in"): 1, ("promod_door", "out"): 1},
    "OneStopMoveNoEnter1front": {},
}
"""What examples/caviar/README.md says is to be counted; the corridor's line was counted by nobody.
"""

Crossings = Counter[tuple[str, str]]
"""How many crossed, by gate and direction."""


class Absent(Exception):  # noqa: N818 - says what it is
    """Clips that are not at hand; the message says what to do."""


@dataclass(frozen=True)
class Known:
    """A clip and what is known of it.

    Attributes:
        clip: The video.
        fps: Frames a second that a run would look at.
        floor: From pixels to metres; None where the camera is not calibrated.
        truth: True boxes, rows of `vision.evaluate.mot.TRUTH`; None where nobody drew any.
        gates: Gates in its view.
        crossed: Who really crossed them; None where nobody counted.
    """

    clip: Clip
    fps: float
    floor: Homography | None = None
    truth: pl.DataFrame | None = None
    gates: tuple[Gate, ...] = ()
    crossed: Crossings | None = None

    def scored(self, tracks: pl.DataFrame, every_frame: bool) -> Scores | None:
        """Scores of tracks, rows of the `tracks` contract; None where there is no truth.

        Whoever looked at every frame is taken at their word, gaps included; boxes between frames
        that were looked at lie on straight lines.
        """
        if self.truth is None:
            return None
        if not every_frame:
            return score(self.truth, found_at(tracks, self.clip.frames_us))
        at_us = tracks["frame_at"].to_physical().to_numpy()
        frames = np.searchsorted(self.clip.frames_us, at_us) + 1
        found = tracks.with_columns(frame=pl.Series(frames), id="track").select(FOUND.names())
        return score(self.truth, found.cast(FOUND))

    def miscounted(self, tracks: pl.DataFrame) -> tuple[int, int] | None:
        """Crossings too many or too few, gate by gate and each way, and how many there were."""
        if self.crossed is None:
            return None
        view = View(*self.clip.size, analysed_fps=self.fps)
        in_order = tracks.sort("track", "frame_at")
        events = (
            gate_events(paths(in_order, self.floor, view), self.gates)
            if in_order.height
            else pl.DataFrame(schema={"gate": pl.String, "direction": pl.String})
        )
        counted = Counter(events.select("gate", "direction").iter_rows())
        gates = {gate.id for gate in self.gates}
        true = {key: count for key, count in self.crossed.items() if key[0] in gates}
        wrong = sum(abs(counted[key] - true.get(key, 0)) for key in counted.keys() | true.keys())
        return wrong, sum(true.values())


def known(name: str, folder: Path, seed: int, seconds: float, footage: Path | None) -> list[Known]:
    """The clips that a name of `NAMES` stands for.

    Args:
        name: Which.
        folder: Where simulated ones are put, or lie from an earlier call.
        seed: Of simulated ones.
        seconds: Length of simulated ones.
        footage: Folder of real recordings.

    Raises:
        Absent: They are not at hand.
    """
    if name.startswith("arcade-"):
        density = int(name.removeprefix("arcade-"))
        return list(_arcade(folder / f"{name}-{seed}-{seconds:g}", density, seed, seconds))
    if footage is None:
        raise Absent("give --footage, the folder of real recordings")
    return list(_street(footage) if name == "tud" else _caviar(footage))


def _arcade(out: Path, density: int, seed: int, seconds: float) -> Iterator[Known]:
    day = load_site(Path("examples/arcade")).on(ARCADE_DAY)
    drawn = simulate(
        day,
        out,
        minutes=seconds / 60,
        seed=seed,
        people_per_minute=density,
        fps=FPS,
        size=SIZE,
    )
    crossed = pl.read_parquet(drawn.truth / "gate_crossings.parquet")
    for camera, files in drawn.files.items():
        for file in files:
            entry, boxes = day.cameras[camera], drawn.truth / f"{camera}_gt.txt"
            yield Known(
                Clip.of(out / file),
                entry.analysed_fps,
                _floor(entry, SIZE),
                # Into a clip of some seconds maybe nobody has come.
                people(boxes, None) if boxes.stat().st_size else None,
                tuple(day.gates_of(camera)),
                Counter(crossed.select("gate", "direction").iter_rows()),
            )


def _street(footage: Path) -> Iterator[Known]:
    folder = footage / "tud-stadtmitte"
    clip = Clip.of(_one_of(folder.glob("*.mp4"), folder))
    floor = _one_of(folder.glob("*_H_img2world_m.txt"), folder)
    truth = people(_one_of(folder.glob("*_gt.txt"), folder), None)
    yield Known(clip, _USUAL_FPS, read_homography(floor, clip.size), truth)


def _caviar(footage: Path) -> Iterator[Known]:
    day = load_site(Path("examples/caviar")).on(CAVIAR_DAY)
    folder = footage / "caviar"
    names = {"corridor": ("EnterExitCrossingPaths1cor", "ShopAssistant1cor"), "front": _CROSSED}
    for camera, recordings in names.items():
        entry = day.cameras[camera]
        for name in recordings:
            clip = Clip.of(_one_of(folder.glob(f"{name}.m*"), folder))
            yield Known(
                clip,
                entry.analysed_fps,
                _floor(entry, clip.size) if entry.calibrated else None,
                gates=tuple(day.gates_of(camera)),
                crossed=Counter(_CROSSED[name]) if name in _CROSSED else None,
            )


def _floor(camera: Camera, size: tuple[int, int]) -> Homography:
    """The floor of a camera whose frames are larger than its entry says."""
    across, down = (one / usual for one, usual in zip(size, camera.frame, strict=True))
    return Homography.fit(
        [
            CalibrationPair(pixel=(pair.pixel[0] * across, pair.pixel[1] * down), floor=pair.floor)
            for pair in camera.calibration
        ]
    )


def _one_of(found: Iterable[Path], folder: Path) -> Path:
    files = sorted(found)
    if not files:
        raise Absent(f"no {folder.name} in the folder of real recordings")
    return files[0]
