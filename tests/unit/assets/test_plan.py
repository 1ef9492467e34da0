"""Partitions of a site: its trading days, no more and no fewer."""

import datetime as dt

import pytest

from assets.plan import SitePlan
from tests.unit.small_mall import site


@pytest.mark.parametrize("start", [dt.time(0), dt.time(4), dt.time(23, 30)], ids=str)
@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        (dt.date(2026, 3, 9), dt.date(2026, 3, 15)),
        (dt.date(2026, 3, 27), dt.date(2026, 3, 29)),
        (dt.date(2026, 10, 24), dt.date(2026, 10, 25)),
        (dt.date(2004, 1, 20), dt.date(2004, 1, 20)),
    ],
    ids=["a week", "over the short day", "over the long day", "one day"],
)
def test_partitions_run_from_opens_to_closes(
    start: dt.time, opens: dt.date, closes: dt.date
) -> None:
    whole = site(trading_day_start=start)
    file = whole.file.model_copy(update={"opens": opens, "closes": closes})
    plan = SitePlan(whole.model_copy(update={"file": file}))
    days = (closes - opens).days + 1
    assert plan.days.get_partition_keys() == [
        (opens + dt.timedelta(days=n)).isoformat() for n in range(days)
    ]


@pytest.mark.parametrize("day", [dt.date(2026, 3, 28), dt.date(2026, 10, 24), dt.date(2026, 3, 14)])
def test_a_partition_is_the_trading_day(day: dt.date) -> None:
    whole = site(trading_day_start=dt.time(4))
    window = SitePlan(whole).days.time_window_for_partition_key(day.isoformat())
    assert (window.start, window.end) == whole.day_window(day)
