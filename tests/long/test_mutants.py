"""A thousand broken files of eleven kinds: none crashes or stalls whoever measures them."""

from pathlib import Path

import pytest

from tests.mutants import originals, tried

pytestmark = pytest.mark.long


@pytest.mark.footage
def test_a_thousand_broken_files_end_measured_or_set_aside(tmp_path: Path, footage: Path) -> None:
    real = footage / "caviar" / "EnterExitCrossingPaths1front.mpg"
    ends = tried(originals(tmp_path, real), tmp_path, range(1000))
    assert ends.total() == 1000
