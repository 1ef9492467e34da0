"""What is known of people besides their boxes, from their frame to the end of tracking.

Belongs here: traits of the boxes of a frame, how they are taken while the frame is in memory, and
what is asked of whoever holds them until tracking is done. Does not belong here: what a trait is
(`vision.appearance`, `vision.age_gender`) or how it is held (`footfall_dagster.privacy.vault`).

Traits are never a column: nothing here is a row of any contract.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.detected import with_frames
from vision.protocols import Boxes, Detector, Frame, Image

Vectors = NDArray[np.float32]

Look = Callable[[Image, NDArray[np.float32]], Vectors]
"""From a frame and (n, 4) boxes in it to (n, d) figures of each; NaN where nothing can be said."""


@dataclass(frozen=True, slots=True)
class Traits:
    """Traits of n boxes, in order; NaN where unknown, no columns where not asked for.

    Attributes:
        appearance: (n, d) what people look like.
        guesses: (n, 2) guessed age in years and probability of being male.
    """

    appearance: Vectors
    guesses: Vectors

    def __repr__(self) -> str:
        # So that no traceback, log line or test report can quote one.
        return f"Traits of {len(self.appearance)} boxes"


@dataclass(frozen=True, slots=True)
class Destroyed:
    """Traits that are gone: of how many boxes, and how many bytes they took. Says nothing else."""

    rows: int
    bytes: int


class TraitHolder(Protocol):
    """Holds the traits of one camera-day from `detections` to `tracks`, within one run."""

    def begin(self, camera_day: str) -> None:
        """Start anew; what was held before is destroyed."""
        ...

    def add(self, traits: Traits) -> None:
        """Take the traits of the next boxes."""
        ...

    def seal(self, detections: pl.DataFrame, kept: NDArray[np.bool_] | None = None) -> None:
        """Bind what was added to the rows that it belongs to, in order.

        Args:
            detections: As they are stored.
            kept: (n,) which of the boxes that were added are among them; None stands for all.
        """
        ...

    def take(self, camera_day: str, detections: pl.DataFrame) -> Traits | None:
        """Traits of exactly these rows; None where there are none, or only of others."""
        ...

    def destroy(self) -> Destroyed:
        """Forget everything; what `take` gave out is overwritten too."""
        ...


def looked_at(
    detector: Detector,
    frames: Iterable[Frame],
    keep: Callable[[Traits], None],
    *,
    appearance: Look | None,
    guess: Look | None,
) -> Iterator[Boxes]:
    """Boxes of each frame, as `detector` finds them, while their traits go to `keep`.

    A detector that gives appearance vectors itself is taken at its word; `appearance` is then not
    asked. Holds only frames that the detector has not answered yet.

    Raises:
        RuntimeError: The detector did not answer each frame once and in order.
    """
    for frame, boxes in with_frames(detector, frames):
        if len(boxes.confidence):
            keep(
                Traits(
                    _look(appearance, frame.image, boxes.xyxy, boxes.appearance),
                    _look(guess, frame.image, boxes.xyxy, None),
                )
            )
        yield replace(boxes, appearance=None)


def _look(look: Look | None, image: Image, xyxy: Vectors, given: Vectors | None) -> Vectors:
    if look is None:
        return np.empty((len(xyxy), 0), dtype=np.float32)
    return look(image, xyxy) if given is None else given.astype(np.float32)
