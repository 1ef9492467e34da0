"""A video and its true boxes: what is needed to follow people through it, and what came of it.

Belongs here: from files and settings to figures of one video. Does not belong here: options
(`footfall_dagster.cli.evaluate`), or the work itself (`vision.evaluate`).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from footfall_dagster.resources import detector, tracker
from footfall_dagster.settings import Settings
from footfall_dagster.weights import at_hand
from vision.calibration import Homography
from vision.evaluate.clip import Clip, Followed, follow, read_homography
from vision.evaluate.mot import MotError, read_truth
from vision.evaluate.scores import Scores, score
from vision.simulate.manifest import read_manifest
from vision.site.load import load_site
from vision.site.models import Camera

_SEEN_IF_SIMULATED = 0.1
"""A simulation writes down whom a pillar hides wholly; people who draw boxes do not."""
_USUAL_FPS: float = Camera.model_fields["analysed_fps"].default

Progress = Callable[[str], AbstractContextManager[Callable[[int, int | None], None]]]
"""Gives, for a description, what is called with steps done and in all."""


@dataclass(frozen=True, slots=True)
class EvaluatedClip:
    """Figures of one video.

    Attributes:
        name: Of the file.
        clip: The video.
        followed: Its tracks, and what they cost.
        scores: How good they are.
        detector: Which one it was.
        fps: Analysed frames per second.
        truth_frames: The last frame that the truth has boxes of.
    """

    name: str
    clip: Clip
    followed: Followed
    scores: Scores
    detector: str
    fps: float
    truth_frames: int

    def figures(self) -> dict[str, object]:
        """All of them by name, as JSON takes them; times are per second of video."""
        return {
            **self.scores.figures(),
            "video": self.name,
            "detector": self.detector,
            "analysed_fps": self.fps,
            "frames": len(self.clip.frames_us),
            "analysed_frames": self.followed.analysed,
            "video_s": self.clip.seconds,
            "wall_s_per_s": self.followed.wall_s / self.clip.seconds,
            "processor_s_per_s": self.followed.processor_s / self.clip.seconds,
        }


def people(truth: Path, visible: float | None) -> pl.DataFrame:
    """Who is to be found, as `vision.evaluate.mot.TRUTH`.

    Args:
        truth: The file.
        visible: As in `vision.evaluate.mot.read_truth`; None for what suits the file.
    """
    if visible is None:
        visible = _SEEN_IF_SIMULATED if read_manifest(truth.parent) else 0.0
    return read_truth(truth, visible)


def evaluate_clip(
    settings: Settings,
    video: Path,
    truth: Path,
    *,
    visible: float | None,
    fps: float | None,
    homography: Path | None,
    camera: str | None,
    progress: Progress,
) -> EvaluatedClip:
    """Follow people through a video as a run would, and score the tracks.

    Raises:
        ValueError: A file does not hold what it should, or the two do not go together.
        OSError: One cannot be read.
        footfall_dagster.weights.WeightsMissing: There is no checkpoint.
        vision.site.load.SiteFileError: The site's files are wrong.
    """
    seen_by = None if camera is None else _camera(settings.site, camera)
    rate = fps or (_USUAL_FPS if seen_by is None else seen_by.analysed_fps)
    there = people(truth, visible)
    at_hand(settings)
    with progress("reading frames") as on_frame:
        clip = Clip.of(video, lambda done: on_frame(done, None))
    last = int(there["frame"].to_numpy().max())
    if last > len(clip.frames_us):
        raise MotError(
            f"{truth.name} has boxes in frame {last}, and {video.name} has {len(clip.frames_us)} "
            "frames that decode; the two are not of one video, or frames were left out of it"
        )
    floor = _floor(clip, homography, seen_by)
    finder = detector(settings)
    with progress("looking for people") as on_frame:
        followed = follow(
            clip,
            finder,
            tracker(),
            fps=rate,
            homography=floor,
            masks=() if seen_by is None else seen_by.masks,
            on_frame=lambda done: on_frame(done, round(clip.seconds * rate)),
        )
    scores = score(there, followed.found)
    return EvaluatedClip(video.name, clip, followed, scores, finder.description, rate, last)


def _camera(site: Path, wanted: str) -> Camera:
    """The newest entry of a camera that is calibrated."""
    of_site = load_site(site)
    entries = [one for one in of_site.cameras if one.id == wanted]
    if not entries:
        raise ValueError(
            f"site {of_site.id} has no camera {wanted}; it has {', '.join(of_site.camera_ids)}"
        )
    newest = max(entries, key=lambda one: (one.valid_from is not None, one.valid_from))
    if not newest.calibrated:
        raise ValueError(
            f"camera {wanted} has no calibration in cameras.yaml; add pairs to it, or leave out "
            "--camera to follow people in pixels"
        )
    return newest


def _floor(clip: Clip, homography: Path | None, camera: Camera | None) -> Homography | None:
    if homography is not None:
        return read_homography(homography, clip.size)
    if camera is None:
        return None
    if camera.frame != clip.size:
        ours, theirs = ("x".join(map(str, size)) for size in (clip.size, camera.frame))
        raise ValueError(
            f"{clip.path.name} is {ours}, and camera {camera.id} is calibrated for {theirs}; give "
            "a recording of that camera, or --homography"
        )
    return Homography.fit(camera.calibration)
