"""Kill -9 at fifty random moments of a camera-day and of a site-day's marts, then run again.

Besides those, at file operations, which a clock would hardly ever meet.
"""

from pathlib import Path

import pytest

from tests.kills.harness import assert_kills_change_nothing, moments
from tests.kills.starts import Starts

pytestmark = [pytest.mark.long, pytest.mark.footage, pytest.mark.timeout(7200)]


@pytest.fixture(scope="module")
def starts(footage: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Starts:
    return Starts(tmp_path_factory.mktemp("kills"), footage, weights)


def test_twenty_five_kills_of_a_first_camera_day(starts: Starts) -> None:
    clean = starts.camera_day_in_an_empty_home
    assert_kills_change_nothing(clean, moments(clean, by_clock=25, by_operation=20, seed=1))


def test_twenty_five_kills_of_a_camera_day_that_takes_in_a_late_file(starts: Starts) -> None:
    clean = starts.camera_day_after_a_late_file
    assert_kills_change_nothing(clean, moments(clean, by_clock=25, by_operation=20, seed=2))


def test_fifty_kills_of_the_marts_of_a_site_day(starts: Starts) -> None:
    clean = starts.site_day_beside_another
    assert_kills_change_nothing(clean, moments(clean, by_clock=50, by_operation=20, seed=3))
