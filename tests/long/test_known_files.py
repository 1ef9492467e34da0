"""A look at a hundred thousand files that are known is quiet, and finds the one that is not."""

import datetime as dt
import time
from pathlib import Path

import pytest

from footfall_dagster.lake import CameraDay
from tests.arrivals import CAMERAS, desk

_DAYS = 66
_EVERY_S = 90


@pytest.mark.long
def test_a_hundred_thousand_known_files_are_quiet_and_a_new_one_among_them_is_run(
    tmp_path: Path,
) -> None:
    with desk(tmp_path) as at:
        known = 0
        for back in range(_DAYS + 1):
            day = at.day - dt.timedelta(days=back)
            for camera in CAMERAS:
                for second in range(5 * 3600, 24 * 3600, _EVERY_S):
                    at.put(camera, day, f"{dt.datetime.min + dt.timedelta(seconds=second):%H%M%S}")
                known += at.know(CameraDay(day, camera))
        for name in ("every day", "recent days"):
            began = time.monotonic()
            assert at.tick() == []
            spent = time.monotonic() - began
            print(f"{known:,} known files, {name}: {spent:.1f} s")  # noqa: T201
        at.put(CAMERAS[1], at.day, "120001")
        at.tick()
        assert at.tick() == [f"{CAMERAS[1]}|{at.day}"]
