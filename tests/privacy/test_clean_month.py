"""Clean days raise no alarm: real marts, real pages with real plots, a real event log.

The two days about the night in which clocks go forward here, the whole month in tests/long.
"""

import datetime as dt
from pathlib import Path

import pytest

from tests.privacy.clean_days import assert_no_alarm, clean_home


@pytest.mark.long
def test_two_clean_days_raise_no_alarm(tmp_path: Path) -> None:
    home = clean_home(tmp_path / "var", dt.date(2026, 3, 28), 2, people=250, seed=20)
    assert len(list(home.settings.reports.rglob("*.html"))) == 2
    assert len(list(home.settings.data_docs.rglob("*.html"))) == 2
    assert_no_alarm(home)
