"""That a proof replays what was said of a camera as it does what was said of people."""

from collections.abc import Iterable, Iterator

import numpy as np

from footfall_dagster.privacy.noninterference.replay import (
    RecordingDetector,
    ReplayingDetector,
    WatchBoundary,
)
from footfall_dagster.resources import new_watch
from vision.protocols import Boxes, Frame


class SeesNobody:
    """A detector of empty frames."""

    description = "sees nobody"

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        for frame in frames:
            yield Boxes(frame.at_us, np.empty((0, 4), np.float32), np.empty(0, np.float32))


def frames(seed: int | None) -> Iterator[Frame]:
    """Half a minute of grey, or of noise."""
    for number in range(30):
        image = np.full((90, 160, 3), 127, np.uint8)
        if seed is not None:
            image = np.random.default_rng([seed, number]).integers(0, 256, image.shape, np.uint8)
        yield Frame(number * 1_000_000, image)


def test_a_camera_that_was_covered_was_so_whatever_frames_show_in_disguise() -> None:
    recording = RecordingDetector(SeesNobody(), vectors=1)
    watch = WatchBoundary(new_watch, recording)(())
    assert len(list(recording.detect(watch.watch(frames(None))))) == 30
    covered = watch.marked()
    assert [one.reason for one in covered] == ["camera_covered"]

    replaying = ReplayingDetector(recording.recorded, vectors=2)
    again = WatchBoundary(new_watch, replaying)(())
    assert len(list(replaying.detect(again.watch(frames(7))))) == 30
    assert replaying.changed == 30
    assert again.marked() == covered

    plain = new_watch(())
    assert len(list(plain.watch(frames(7)))) == 30
    assert plain.marked() == []
