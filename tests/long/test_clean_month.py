"""A clean month raises no alarm: two cameras, a few hundred people a day.

The month has the night in which clocks go forward, days without a camera and empty recordings.
"""

import datetime as dt
from pathlib import Path

import pytest

from tests.privacy.clean_days import assert_no_alarm, clean_home


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_clean_month_raises_no_alarm(tmp_path: Path) -> None:
    home = clean_home(tmp_path / "var", dt.date(2026, 3, 1), 31, people=300, seed=1)
    assert len(list(home.settings.reports.rglob("*.html"))) == 31
    assert_no_alarm(home)
