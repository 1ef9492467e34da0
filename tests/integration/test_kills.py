"""A run that is killed and run again leaves what a run leaves that nobody kills.

A moment of each, and of some in `make test-long` only, so that every run of the suite stays short;
tests/long has a hundred and more.
"""

from pathlib import Path

import pytest

from tests.kills.harness import assert_kills_change_nothing, moments
from tests.kills.starts import Starts

pytestmark = pytest.mark.footage


@pytest.fixture(scope="module")
def starts(footage: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Starts:
    return Starts(tmp_path_factory.mktemp("kills"), footage, weights)


def test_a_first_camera_day_may_be_killed(starts: Starts) -> None:
    clean = starts.camera_day_in_an_empty_home
    assert_kills_change_nothing(clean, moments(clean, by_clock=1, by_operation=0, seed=4))


@pytest.mark.long
def test_a_camera_day_that_takes_in_a_late_file_may_be_killed(starts: Starts) -> None:
    clean = starts.camera_day_after_a_late_file
    assert_kills_change_nothing(clean, moments(clean, by_clock=0, by_operation=1, seed=5))


@pytest.mark.long
def test_the_marts_of_a_site_day_may_be_killed(starts: Starts) -> None:
    clean = starts.site_day_beside_another
    assert_kills_change_nothing(clean, moments(clean, by_clock=1, by_operation=0, seed=6))
