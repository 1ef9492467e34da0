"""Whatever arrives, ends, fails, restarts or is forgotten: nothing is run twice, nothing is missed.

Files really arrive, catalogues are really stored, and the instance lies on a disk and is opened
anew at each restart.
"""

import datetime as dt
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from footfall_dagster.deliveries import difference
from footfall_dagster.lake import CameraDay
from tests.arrivals import CAMERAS, Desk, desk

_DAYS_BACK = (0, 1, 9)
"""Two days of the late window, where both are, and one that is long past it."""
_ROUNDS = 12

arrives = st.tuples(
    st.just("arrives"),
    st.sampled_from(CAMERAS),
    st.sampled_from(_DAYS_BACK),
    st.sampled_from(("110000", "120000", "130000")),
    st.integers(0, 3),
)
happens = st.sampled_from(
    [("looks",), ("looks soon",), ("ends",), ("fails",), ("restarts",), ("forgets",), ("by hand",)]
)


@given(st.lists(st.one_of(arrives, happens), min_size=5, max_size=25))
# Shrinking would take minutes: each example opens databases.
@settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_file_is_taken_in_and_no_request_is_made_twice(
    steps: list[tuple[object, ...]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, desk(Path(folder)) as at:
        at.restart()
        old = at.day - dt.timedelta(days=_DAYS_BACK[-1])
        for camera in CAMERAS:
            at.put(camera, old, "090000")
            at.make(CameraDay(old, camera))
        failed: set[str] = set()
        for step in steps:
            carry_out(at, step, failed)
        for _ in range(_ROUNDS):
            at.tick()
            at.finish()
        assert at.tick() == []
        assert len(at.asked) == len(set(at.asked)), "the same files were run twice"
        for back in _DAYS_BACK[:-1]:
            for camera in CAMERAS:
                one = CameraDay(at.day - dt.timedelta(days=back), camera)
                differs = difference(at.lake, at.delivery(one))
                assert differs is not None
                if str(one) not in failed:
                    assert differs.new == 0, f"{one} was missed"
        assert not [one for one, _ in at.asked if one.endswith(str(old))], "an old day was run"


def carry_out(at: Desk, step: tuple[object, ...], failed: set[str]) -> None:
    match step:
        case ("arrives", str(camera), int(back), str(time), int(length)):
            day = at.day - dt.timedelta(days=back)
            at.put(camera, day, time, b"1" * length)
            failed.discard(str(CameraDay(day, camera)))
        case ("looks",):
            at.tick()
        case ("looks soon",):
            at.tick(20)
        case ("ends",):
            at.finish()
        case ("fails",):
            # What fails is a person's from then on, until a file arrives.
            failed |= at.unfinished()
            at.finish(make=False)
        case ("restarts",):
            at.restart()
        case ("forgets",):
            at.cursor = None
        case ("by hand",):
            at.launch(CAMERAS[0], at.day)
