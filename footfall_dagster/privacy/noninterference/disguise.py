"""Other pixels and other vectors in place of those of a camera-day.

Belongs here: which disguises there are, and frames in disguise. Does not belong here: boxes
(`replay`), files: their bytes, which `camera_exports` may know, stay the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice, zip_longest
from pathlib import Path

import dagster as dg
import numpy as np

from vision.exports.folder import Recordings
from vision.exports.reading import Stretch
from vision.exports.wire import Loss
from vision.protocols import Frame


class Pixels(StrEnum):
    """What frames show in place of what was filmed."""

    FILMED = "as filmed"
    MIRRORED = "mirrored"
    NOISE = "noise"
    OTHERS = "other people"


@dataclass(frozen=True, slots=True)
class Disguise:
    """What one run is given to see.

    Attributes:
        pixels: Of every frame, before anything but the decoder has had it.
        vectors: Seed of the appearance vectors that come with the boxes.
    """

    pixels: Pixels
    vectors: int

    def __str__(self) -> str:
        return f"{self.pixels}, vectors {self.vectors}"


REFERENCE = Disguise(Pixels.FILMED, 0)
"""Of the run that all others are compared with, and of the one that must repeat it."""


def disguises(draws: int, others: bool) -> list[Disguise]:
    """`draws` disguises, each with vectors of its own.

    Args:
        draws: How many.
        others: Whether recordings of the same walks by other people are at hand.
    """
    kinds = [Pixels.OTHERS] if others else []
    turns = cycle([*kinds, Pixels.MIRRORED, Pixels.NOISE])
    return [Disguise(pixels, number) for number, pixels in enumerate(islice(turns, draws), 1)]


@dataclass(frozen=True, slots=True)
class DisguisedRecordings(Recordings):
    """Recordings whose files are what they are and whose frames show something else.

    Attributes:
        disguise: What they show.
        others: Folder of recordings by the same names that other people walk through.
    """

    disguise: Disguise = REFERENCE
    others: Path | None = None

    def frames(
        self, stretches: Sequence[Stretch], fps: float, on_loss: Callable[[str, Loss], None]
    ) -> Iterator[Frame]:
        """Frames of the times of the files, each of its size and in disguise."""
        filmed = Recordings.frames(self, stretches, fps, on_loss)
        match self.disguise.pixels:
            case Pixels.FILMED:
                return filmed
            case Pixels.MIRRORED:
                return (_mirrored(frame) for frame in filmed)
            case Pixels.NOISE:
                return (_noise(frame, self.disguise.vectors) for frame in filmed)
            case Pixels.OTHERS:
                if self.others is None:
                    raise ValueError("no recordings of other people were given")
                theirs = Recordings(self.others).frames(stretches, fps, lambda _name, _why: None)
                return _in_step(filmed, theirs)


def _mirrored(frame: Frame) -> Frame:
    return Frame(frame.at_us, np.ascontiguousarray(frame.image[:, ::-1]))


def _noise(frame: Frame, seed: int) -> Frame:
    rng = np.random.default_rng([seed, frame.at_us])
    return Frame(frame.at_us, rng.integers(0, 256, frame.image.shape, dtype=np.uint8))


def _in_step(filmed: Iterator[Frame], theirs: Iterator[Frame]) -> Iterator[Frame]:
    for mine, other in zip_longest(filmed, theirs):
        if (
            mine is None
            or other is None
            or (mine.at_us, mine.image.shape) != (other.at_us, other.image.shape)
        ):
            raise dg.Failure(
                description="the recordings of other people have other frames than those of the "
                "day; render both with the same arguments but for --cast",
                allow_retries=False,
            )
        yield other
