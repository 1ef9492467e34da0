"""What of a camera-day was really decoded, noted while its frames pass.

Belongs here: telling from the times of frames which parts of the timeline gave none. Does not
belong here: why a minute was not observed (`vision.exports.coverage`).
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vision.exports.bounds import PAUSE_STEPS, PAUSE_US
from vision.exports.intervals import Interval, merged, without
from vision.exports.reading import Stretch
from vision.exports.wire import Loss
from vision.protocols import Frame

_STEPS_TO_KNOW = 5
_SLOWEST_STEP_US = 12_000_000
"""Whoever looks less often than this is blind in between, however regularly."""


class Decoded:
    """The timeline of a camera-day, and which frames of it came.

    Args:
        stretches: Disjoint, in order of time.

    Attributes:
        stretches: The same.
        given_up: Why, for each file whose decoding failed, from some place on or wholly.
    """

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self.stretches = stretches
        self.given_up: dict[str, Loss] = {}
        self._times = array("q")

    @property
    def frames(self) -> int:
        """How many frames came."""
        return len(self._times)

    @property
    def seconds(self) -> float:
        """How long the timeline is."""
        return sum(ends - begins for begins, ends in self.claimed()) / 1e6

    def noted(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames, each noted as it passes."""
        for frame in frames:
            self._times.append(frame.at_us)
            yield frame

    def give_up(self, file_name: str, why: Loss) -> None:
        """Note that a file, or the rest of it, could not be decoded."""
        self.given_up.setdefault(file_name, why)

    def claimed(self) -> list[Interval]:
        """Where the timeline has a file."""
        return merged((one.begins_us, one.ends_us) for one in self.stretches)

    def readable(self) -> list[Interval]:
        """Where it has one, and frames came.

        From one frame to the next the camera was looking, unless they are further apart than two
        seconds and than five of the steps that are usual there.
        """
        return without(self.claimed(), self._holes())

    def _holes(self) -> Iterator[Interval]:
        times = np.array(self._times, np.int64)
        steps = self._usual_steps(times)
        # Files that follow each other within a pause are one recording: a frame on either side of
        # the cut vouches for what is between.
        for begins, ends in merged(self.claimed(), across_us=PAUSE_US):
            first, end = np.searchsorted(times, [begins, ends])
            if first == end:
                yield begins, ends
                continue
            edges = np.concatenate([[begins], times[first:end], [ends]])
            # What is before the first frame is judged by that frame's step.
            step = np.concatenate([[steps[first]], steps[first:end]])
            limit = np.maximum(PAUSE_US, PAUSE_STEPS * step)
            for index in np.flatnonzero(np.diff(edges) > limit):
                seen_us = int(step[index]) if index else 0
                yield int(edges[index]) + seen_us, int(edges[index + 1])

    def _usual_steps(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each frame the microseconds to the next that are usual in its file, or in the day."""
        if times.size < 2:
            return np.zeros(times.size, np.int64)
        steps = np.full(times.size, _usual_step(times))
        for one in self.stretches:
            first, end = np.searchsorted(times, [one.begins_us, one.ends_us])
            if end - first > _STEPS_TO_KNOW:
                steps[first:end] = _usual_step(times[first:end])
        return steps


def _usual_step(times: NDArray[np.int64]) -> int:
    usual = int(np.median(np.diff(times)))
    return usual if usual <= _SLOWEST_STEP_US else 0
