"""A detector that looks for tags around the people whom it finds.

Belongs here: doing both while a frame is in memory, and what was read so far. Does not belong here:
reading (`vision.opt_out.tags`), who is left out because of it (`vision.opt_out.wearers`).
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.detected import with_frames
from vision.opt_out.tags import TagReader
from vision.protocols import Boxes, Detector, Frame


# Without a repr: no traceback or test report says where somebody who opted out was.
@dataclass(frozen=True, slots=True, repr=False)
class Sightings:
    """Where tags were read. Lives in memory, until people have been left out.

    Attributes:
        at_us: (n,) when, microseconds since the epoch, in order.
        xy: (n, 2) middles of the tags, pixels.
    """

    at_us: NDArray[np.int64]
    xy: NDArray[np.float32]


class TagWatch:
    """Finds people as `detector` does, and notes the tags that `reader` reads on them."""

    def __init__(self, detector: Detector, reader: TagReader) -> None:
        self._detector, self._reader = detector, reader
        self._at_us, self._xy = array("q"), array("f")

    @property
    def description(self) -> str:
        """See `vision.protocols.Detector`."""
        return self._detector.description

    @property
    def sightings(self) -> Sightings:
        """Of the frames that have passed."""
        xy = np.array(self._xy, np.float32).reshape(-1, 2)
        return Sightings(np.array(self._at_us, np.int64), xy)

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        """See `vision.protocols.Detector`."""
        for frame, boxes in with_frames(self._detector, frames):
            if len(boxes.confidence):
                for place in self._reader.read(frame.image, boxes.xyxy):
                    self._at_us.append(frame.at_us)
                    self._xy.extend(place.tolist())
            yield boxes
