"""Which day a schedule means, on days of 23, 24 and 25 hours and outside the site's days."""

import datetime as dt
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from assets.plan import SitePlan
from footfall_dagster import schedules
from footfall_dagster.schedules import ended_day
from vision.site.hours import Hours
from vision.site.models import Camera, Floor, Notice, Site, SiteFile

LONDON = ZoneInfo("Europe/London")


def plan(start: dt.time = dt.time(4), closes: dt.date | None = None) -> SitePlan:
    file = SiteFile(
        id="site",
        name="Site",
        time_zone="Europe/London",
        trading_day_start=start,
        opens=dt.date(2026, 3, 1),
        closes=closes,
        trading_hours={"sat": Hours(opens=dt.time(9), closes=dt.time(18))},
        floors=(Floor(id="ground", outline=((0, 0), (5, 0), (5, 5))),),
        notice=Notice(controller="c", contact="c@example.org"),
    )
    cameras = (
        Camera(id="a", floor="ground", exports="a_%Y%m%d_%H%M%S.mp4", frame=(64, 64)),
        Camera(
            id="b",
            floor="ground",
            exports="b_%Y%m%d_%H%M%S.mp4",
            frame=(64, 64),
            valid_from=dt.date(2026, 3, 20),
        ),
    )
    return SitePlan(Site(file=file, cameras=cameras))


@pytest.mark.parametrize(
    ("start", "minutes", "fires_at", "day"),
    [
        (dt.time(4), 60, dt.datetime(2026, 3, 15, 5), dt.date(2026, 3, 14)),
        (dt.time(4), 60, dt.datetime(2026, 3, 29, 5), dt.date(2026, 3, 28)),
        (dt.time(4), 60, dt.datetime(2026, 10, 25, 5), dt.date(2026, 10, 24)),
        (dt.time(23, 30), 60, dt.datetime(2026, 3, 16, 0, 30), dt.date(2026, 3, 14)),
        (dt.time(0), 0, dt.datetime(2026, 3, 15, 0), dt.date(2026, 3, 14)),
    ],
    ids=[
        "an ordinary day",
        "a day of 23 hours",
        "a day of 25 hours",
        "settling past midnight",
        "a day that ends at midnight",
    ],
)
def test_the_day_meant_is_the_one_that_ended(
    start: dt.time, minutes: int, fires_at: dt.datetime, day: dt.date
) -> None:
    at = fires_at.replace(tzinfo=LONDON).astimezone(dt.UTC)
    assert ended_day(plan(start).site.file, at, minutes) == day


def requests(
    schedule: dg.ScheduleDefinition, at: dt.datetime
) -> list[tuple[str | None, str | None]]:
    context = dg.build_schedule_context(scheduled_execution_time=at.replace(tzinfo=LONDON))
    told = schedule(context)
    evaluated = [told] if isinstance(told, dg.RunRequest | dg.SkipReason) else list(told)
    return [
        (request.run_key, request.partition_key)
        for request in evaluated
        if isinstance(request, dg.RunRequest)
    ]


def by_name(site: SitePlan) -> dict[str, dg.ScheduleDefinition]:
    return {schedule.name: schedule for schedule in schedules.build(site)}


def test_every_camera_that_stands_on_the_day_is_requested_once() -> None:
    camera_days = by_name(plan())["camera_days_after_trading"]
    assert requests(camera_days, dt.datetime(2026, 3, 15, 5)) == [("a|2026-03-14", "a|2026-03-14")]
    assert [key for key, _ in requests(camera_days, dt.datetime(2026, 3, 25, 5))] == [
        "a|2026-03-24",
        "b|2026-03-24",
    ]


def test_the_marts_of_a_day_are_requested_once_and_not_once_a_camera() -> None:
    site_days = by_name(plan())["site_day_after_cameras"]
    assert requests(site_days, dt.datetime(2026, 3, 25, 8)) == [("2026-03-24", "2026-03-24")]


def test_the_privacy_report_of_a_day_is_requested_once_an_hour_after_its_marts() -> None:
    privacy_days = by_name(plan())["privacy_day_after_marts"]
    assert privacy_days.job_name == "privacy_day"
    assert privacy_days.cron_schedule == "0 9 * * *"
    assert requests(privacy_days, dt.datetime(2026, 3, 25, 9)) == [("2026-03-24", "2026-03-24")]


def test_a_site_that_has_closed_requests_nothing() -> None:
    for schedule in schedules.build(plan(closes=dt.date(2026, 3, 15))):
        assert requests(schedule, dt.datetime(2026, 4, 1, 8)) == []
        assert requests(schedule, dt.datetime(2026, 3, 1, 8)) == []


def test_the_schedule_fires_at_the_days_end_plus_settling() -> None:
    scheduled = by_name(plan(dt.time(23, 30)))
    assert scheduled["camera_days_after_trading"].cron_schedule == "30 0 * * *"
    assert scheduled["site_day_after_cameras"].cron_schedule == "30 3 * * *"


def test_the_report_of_a_week_is_requested_when_its_sunday_has_marts() -> None:
    weeks = by_name(plan())["site_week_after_marts"]
    assert (weeks.job_name, weeks.cron_schedule) == ("site_week", "0 9 * * 1")
    # Also where clocks change within the week.
    for monday, week in (("2026-03-16", "2026-03-09"), ("2026-03-30", "2026-03-23")):
        fires_at = dt.datetime.combine(dt.date.fromisoformat(monday), dt.time(9))
        assert requests(weeks, fires_at) == [(week, week)]
        assert week in plan().weeks.get_partition_keys(dt.datetime(2026, 4, 1, tzinfo=LONDON))
    late = by_name(plan(dt.time(23, 30)))["site_week_after_marts"]
    assert late.cron_schedule == "30 4 * * 2"
    assert requests(late, dt.datetime(2026, 3, 17, 4, 30)) == [("2026-03-09", "2026-03-09")]
