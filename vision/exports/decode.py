"""From readings to the frames that are looked at, in this process.

Belongs here: decoding files one after the other on one clock, and turning chosen frames into
pixels, in memory. Does not belong here: which stretches there are (`vision.exports.frames`), the
process that this runs in (`vision.exports.decode_worker`), or what is seen in a frame.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import takewhile

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from vision.exports.container import Media, timed_frames
from vision.exports.grid import nearest_to_grid
from vision.exports.places import Unreachable
from vision.exports.reading import Reading, Stretch
from vision.exports.wire import LOSSES, Kind, Loss, Message

Say = Callable[[Message], None]
"""Takes every message but those of frames."""

Chosen = tuple[int, int, NDArray[np.uint8]]
"""Number of the reading, microseconds since the epoch, pixels (height, width, 3), BGR."""


class RecordingAbsent(Exception):  # noqa: N818 - says what it is
    """A file cannot be opened at all: it is gone, or not ours to read."""

    def __init__(self, reading: int) -> None:
        super().__init__(reading)
        self.reading = reading


def chosen_frames(readings: Sequence[Reading], fps: float, say: Say) -> Iterator[Chosen]:
    """Yield the frames nearest to a grid of `fps` points a second over all `readings`.

    Packets that fail to decode are passed over; a file that fails as a whole is said to be lost.

    Args:
        readings: In order of time, none overlapping another.
        fps: Analysed rate, frames per second of recorded time.
        say: Told when a file begins, when one is lost, at each frame that decodes, and when bytes
            are asked of a store and come.

    Raises:
        RecordingAbsent: A file cannot be opened at all.
    """
    for at_us, (number, frame) in nearest_to_grid(_frames(readings, say), fps):
        try:
            pixels = np.ascontiguousarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
        except Exception as error:  # As below.
            say(_lost(number, error))
        else:
            yield number, at_us, pixels


def _frames(readings: Sequence[Reading], say: Say) -> Iterator[tuple[int, tuple[int, VideoFrame]]]:
    for number, reading in enumerate(readings):
        say(Message(Kind.BEGAN, number))
        alive = Message(Kind.ALIVE, number)
        try:
            with reading.source.reading(partial(_waiting, say, number)) as file:
                media = reading.source.path or file
                for at_us, frame in _within(media, reading.stretch, partial(say, alive)):
                    yield at_us, (number, frame)
        except (FileNotFoundError, PermissionError, Unreachable):
            raise RecordingAbsent(number) from None
        except Exception as error:  # Hostile bytes raise whatever a decoder raises.
            say(_lost(number, error))


@contextmanager
def _waiting(say: Say, number: int) -> Iterator[None]:
    say(Message(Kind.WAITS, number))
    try:
        yield
    finally:
        say(Message(Kind.GOES_ON, number))


def _within(
    media: Media, stretch: Stretch, alive: Callable[[], None]
) -> Iterator[tuple[int, VideoFrame]]:
    size: tuple[int, int] | None = None
    timed = (
        (stretch.started_at_us + round(offset * 1e6), frame)
        for offset, frame in timed_frames(media)
    )
    for at_us, frame in takewhile(lambda one: one[0] < stretch.ends_us, timed):
        alive()
        size = size or (frame.width, frame.height)
        # A recorder that changes resolution in mid-file leaves boxes on another scale.
        if at_us >= stretch.begins_us and (frame.width, frame.height) == size:
            yield at_us, frame


def _lost(number: int, error: Exception) -> Message:
    why: Loss = "took_too_much_memory" if isinstance(error, MemoryError) else "unreadable"
    return Message(Kind.LOST, number, LOSSES.index(why))
