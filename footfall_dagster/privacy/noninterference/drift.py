"""How far a detector's boxes move when the pixels of real footage are disturbed a little.

Belongs here: asking a detector twice and comparing its boxes. Does not belong here: any claim. Real
footage with other pixels gives other boxes, and other boxes give other figures, so this says how
steady the detector is and nothing of what flows past it.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import tee

import numpy as np
from numpy.typing import NDArray

from vision.boxes import overlap
from vision.exports.catalogue import catalogue
from vision.exports.decoded import Decoded
from vision.exports.folder import Recordings
from vision.exports.frames import day_frames, stretches
from vision.protocols import Detector, Frame
from vision.site.models import SiteDay
from vision.unseen import unseen

_GREY_LEVELS = 2.0
"""Standard deviation of the noise that is laid over a frame: that of a camera's sensor."""
_SAME_IOU = 0.5
_FRAMES_BETWEEN_REPORTS = 100

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drift:
    """What became of one camera's boxes.

    Attributes:
        camera: The camera.
        frames: Frames that were looked at, twice each.
        boxes: Boxes in the frames as filmed.
        disturbed: Boxes in the same frames under noise.
        matched: Boxes that have one of the other kind overlapping by half or more.
        median_px: Median of how far the edges of matched boxes moved, pixels.
        largest_px: Farthest that an edge of a matched box moved, pixels.
        identical: Matched boxes that did not move at all.
    """

    camera: str
    frames: int
    boxes: int
    disturbed: int
    matched: int
    median_px: float
    largest_px: float
    identical: int


def drift(
    site_day: SiteDay,
    cameras: Sequence[str],
    recordings: Recordings,
    detector: Detector,
    say: Callable[[str], None],
    seed: int = 1,
) -> Iterator[Drift]:
    """Ask `detector` about each frame of the cameras as filmed and with noise over it."""
    from vision import masking

    for name in cameras:
        camera = site_day.cameras[name]
        catalogued = catalogue(recordings.find(site_day, camera), camera, site_day)
        decoded = Decoded(stretches(catalogued.exports, catalogued.timeline))
        given = day_frames(decoded, recordings, fps=camera.analysed_fps)
        filmed, again = tee(masking.blanked(given, unseen(site_day, camera)))
        frames = boxes = disturbed = 0
        moved: list[Floats] = []
        pairs = zip(
            detector.detect(filmed),
            detector.detect(_noisy(frame, seed) for frame in again),
            strict=True,
        )
        for frames, (here, there) in enumerate(pairs, 1):
            boxes += len(here.xyxy)
            disturbed += len(there.xyxy)
            moved.append(_moves(here.xyxy.astype(np.float64), there.xyxy.astype(np.float64)))
            if frames % _FRAMES_BETWEEN_REPORTS == 0:
                at = dt.datetime.fromtimestamp(here.at_us / 1e6, site_day.site.zone_info)
                say(f"{name}: {frames} frames, up to {at:%H:%M:%S}")
        far = np.concatenate([np.empty(0), *moved])
        yield Drift(
            camera=name,
            frames=frames,
            boxes=boxes,
            disturbed=disturbed,
            matched=len(far),
            median_px=float(np.median(far)) if len(far) else 0.0,
            largest_px=float(far.max(initial=0.0)),
            identical=int((far == 0).sum()),
        )


def _noisy(frame: Frame, seed: int) -> Frame:
    rng = np.random.default_rng([seed, frame.at_us])
    grain = rng.normal(0, _GREY_LEVELS, frame.image.shape)
    return Frame(frame.at_us, np.clip(np.round(frame.image + grain), 0, 255).astype(np.uint8))


def _moves(here: Floats, there: Floats) -> Floats:
    """How far the farthest edge of each box moved that has a counterpart, pixels."""
    from scipy.optimize import linear_sum_assignment

    shared = overlap(here, there)
    one, other = linear_sum_assignment(-shared)
    same = shared[one, other] >= _SAME_IOU
    farthest: Floats = np.abs(here[one[same]] - there[other[same]]).max(axis=1, initial=0.0)
    return farthest
