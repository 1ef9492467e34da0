"""Partitions of a site: its trading days, no more and no fewer."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


RETENTION = 31 * 13
"""Days for which the small mall's events are kept, and a month."""


def rolling(today: dt.date, days: int = RETENTION, closes: dt.date | None = None) -> SitePlan:
    whole = site(trading_day_start=dt.time(4))
    changed = {"opens": dt.date(2020, 2, 5), "closes": closes, "recomputed_days": days}
    return SitePlan(
        whole.model_copy(update={"file": whole.file.model_copy(update=changed)}), today=today
    )


@given(today=st.dates(dt.date(2020, 2, 6), dt.date(2040, 1, 1)), days=st.integers(403, 2000))
def test_days_that_roll_reach_back_as_far_as_is_said_and_at_most_a_month_further(
    today: dt.date, days: int
) -> None:
    plan = rolling(today, days)
    promised = max(plan.site.file.opens, today - dt.timedelta(days=days))
    assert plan.site.file.opens <= plan.first_day <= promised
    assert promised - plan.first_day < dt.timedelta(days=31)
    after = rolling(today + dt.timedelta(days=1), days)
    # Processes that load the site on the same day of two agree, but where a month ends.
    assert after.first_day in {plan.first_day, promised + dt.timedelta(days=1)}


@pytest.mark.parametrize("today", [dt.date(2026, 3, 29), dt.date(2026, 11, 1)])
def test_partitions_begin_with_the_first_day_that_is_made_again(today: dt.date) -> None:
    plan = rolling(today)
    now = plan.site.day_window(today)[1] + dt.timedelta(hours=1)
    keys = plan.days.get_partition_keys(current_time=now)
    assert (keys[0], keys[-1]) == (plan.first_day.isoformat(), today.isoformat())
    assert plan.partitions == len(keys) * len(plan.site.camera_ids)
    first_week = dt.date.fromisoformat(plan.weeks.get_first_partition_key() or "")
    assert first_week <= plan.first_day < first_week + dt.timedelta(days=7)


def test_a_site_that_has_closed_keeps_its_last_days() -> None:
    closes = dt.date(2024, 6, 30)
    plan = rolling(dt.date(2026, 3, 14), closes=closes)
    assert plan.first_day == dt.date(2023, 5, 1)
    assert plan.days.get_last_partition_key() == closes.isoformat()


def test_without_it_days_reach_back_to_the_opening() -> None:
    assert SitePlan(site(), today=dt.date(2100, 1, 1)).first_day == site().file.opens
