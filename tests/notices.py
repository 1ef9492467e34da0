"""Notices for sites that tests write or change: no run goes on without one.

Belongs here: issuing them. Does not belong here: tests of notices.
"""

import datetime as dt
from pathlib import Path

from footfall_dagster.notice import SiteNotice

ISSUED = dt.date(2026, 3, 1)


def issue_notice(directory: Path) -> None:
    """Put a notice in force that says what the site in `directory` is configured to do."""
    SiteNotice.of(directory).issue(ISSUED)
