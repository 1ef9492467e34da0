"""Days on which nothing leaks, as untidy as days are.

Belongs here: a home of many clean days, for the tests that no alarm is false. Does not belong here:
leaks (`tests.privacy.corpus`).
"""

import datetime as dt
from pathlib import Path

from tests.privacy.finished_home import Home, lay_out, materialise, record
from tests.privacy.judging import audit_of, search_of


def clean_home(root: Path, first: dt.date, days: int, *, people: int, seed: int) -> Home:
    """A home of so many days; on some a camera is away or a recording empty."""
    dates = [first + dt.timedelta(days=number) for number in range(days)]
    home = lay_out(root, dates[0], dates[-1])
    for number, day in enumerate(dates):
        away = ["cam_shops"] if number % 5 == 1 else []
        record(home, day, without=away, gap_after=3 if number % 3 == 2 else 99)
    with home.open() as instance:
        materialise(home, instance, dates, people=people, seed=seed)
    return home


def assert_no_alarm(home: Home) -> None:
    """Neither line of defence finds anything, and both have read everything."""
    for evidence in (audit_of(home), search_of(home)):
        print(  # noqa: T201
            f"{evidence.check}: {evidence.files} files, {evidence.bytes / 1e6:.0f} MB, "
            f"{evidence.rows} rows, {evidence.seconds:.0f} s"
        )
        assert evidence.findings == ()
        assert evidence.unread == ()
