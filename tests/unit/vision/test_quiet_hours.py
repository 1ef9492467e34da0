"""Hours in which a site wants nothing to be looked at, from its clocks to the ledger."""

import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.unit.small_mall import DAY, site_day
from tests.unit.vision.test_coverage import NO_PIXELS, exports, timeline_of, us
from vision.contract_check import Bounds, violations
from vision.contracts_ingest import COVERAGE
from vision.exports.coverage import coverage, trading_hours_of
from vision.exports.decoded import Decoded
from vision.exports.frames import stretches
from vision.exports.instants import window_us
from vision.protocols import Frame, Marked
from vision.site.hours import WEEKDAYS, QuietHours
from vision.site.models import SiteDay
from vision.site.quiet_hours import quiet_spans

LUNCH = QuietHours(begins=dt.time(12), ends=dt.time(13))
LOSES_AN_HOUR, GAINS_AN_HOUR = dt.date(2026, 3, 28), dt.date(2026, 10, 24)
QUARTERS = [dt.time(hour, minute) for hour in range(24) for minute in (0, 15, 30, 45)]


def spans(day: SiteDay) -> list[tuple[str, str]]:
    return [(f"{begins:%d %H:%M}", f"{ends:%d %H:%M}") for begins, ends in quiet_spans(day)]


def test_hours_are_those_of_the_clocks_of_the_site():
    day = site_day(quiet_hours=(LUNCH,), time_zone="Europe/Lisbon")
    assert spans(day) == [("11 12:00", "11 13:00")]
    day = site_day(quiet_hours=(LUNCH,), time_zone="Asia/Kathmandu")
    assert spans(day) == [("11 06:15", "11 07:15")]


def test_a_night_is_of_the_weekday_on_which_it_begins():
    tuesdays = QuietHours(begins=dt.time(22), ends=dt.time(5), on=("tue",))
    assert DAY.weekday() == WEEKDAYS.index("wed")
    assert spans(site_day(DAY, quiet_hours=(tuesdays,))) == [("11 04:00", "11 05:00")]
    before = DAY - dt.timedelta(days=1)
    assert spans(site_day(before, quiet_hours=(tuesdays,))) == [("10 22:00", "11 04:00")]
    assert spans(site_day(DAY + dt.timedelta(days=1), quiet_hours=(tuesdays,))) == []


def test_an_hour_that_clocks_show_twice_is_quiet_twice():
    half = QuietHours(begins=dt.time(1), ends=dt.time(1, 30))
    day = site_day(GAINS_AN_HOUR, quiet_hours=(half,))
    assert spans(day) == [("25 00:00", "25 00:30"), ("25 01:00", "25 01:30")]


def test_an_hour_that_clocks_leave_out_is_not_missed():
    night = QuietHours(begins=dt.time(0, 30), ends=dt.time(2, 30))
    day = site_day(LOSES_AN_HOUR, quiet_hours=(night,))
    assert spans(day) == [("29 00:30", "29 01:30")]
    only_then = QuietHours(begins=dt.time(1), ends=dt.time(2))
    assert spans(site_day(LOSES_AN_HOUR, quiet_hours=(only_then,))) == []


def test_hours_hold_from_one_day_to_another():
    first, last = DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)
    holds = LUNCH.model_copy(update={"valid_from": first, "valid_until": last})
    days = [first - dt.timedelta(days=1), first, DAY, last, last + dt.timedelta(days=1)]
    assert [len(spans(site_day(day, quiet_hours=(holds,)))) for day in days] == [0, 1, 1, 1, 0]


@given(
    begins=st.sampled_from(QUARTERS),
    ends=st.sampled_from(QUARTERS),
    on=st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    day=st.sampled_from((DAY, LOSES_AN_HOUR, GAINS_AN_HOUR)),
    zone=st.sampled_from(("Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu")),
)
def test_it_is_quiet_exactly_while_clocks_show_such_a_time(begins, ends, on, day, zone):
    if begins == ends:
        return
    hours = QuietHours(begins=begins, ends=ends, on=tuple(on))
    of_day = site_day(day, quiet_hours=(hours,), time_zone=zone)
    found = quiet_spans(of_day)
    start, end = of_day.window
    at = start
    while at < end:
        local = at.astimezone(ZoneInfo(zone))
        # Walked back on the clock to the latest time at which it can have begun.
        back = local.replace(tzinfo=None)
        latest = dt.datetime.combine(back.date(), begins)
        latest -= dt.timedelta(days=latest > back)
        until = dt.datetime.combine(latest.date(), ends)
        until += dt.timedelta(days=until <= latest)
        expected = back < until and WEEKDAYS[latest.weekday()] in on
        assert any(one <= at < other for one, other in found) == expected, local
        at += dt.timedelta(minutes=15)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"begins": dt.time(12, 5)}, "quarter of an hour"),
        ({"begins": dt.time(13)}, "the same"),
        ({"valid_from": DAY, "valid_until": DAY - dt.timedelta(days=1)}, "swap"),
        ({"on": ()}, "at least 1"),
    ],
    ids=["no quarter", "no time", "ends before it begins to hold", "no weekday"],
)
def test_hours_that_cannot_be_meant_are_refused(wrong, told):
    with pytest.raises(ValidationError, match=told):
        QuietHours.model_validate({"begins": dt.time(12), "ends": dt.time(13)} | wrong)


FILES = exports(("11:00:00", "14:00:00", "catalogued"), ("12:10:00", "12:20:00", "quarantined"))


def ledger(*marked: Marked) -> pl.DataFrame:
    """Minutes of a day with a recording across lunch, of which all frames came that were asked."""
    day = site_day(quiet_hours=(LUNCH,))
    quiet = [window_us(span) for span in quiet_spans(day)]
    decoded = Decoded(stretches(FILES, timeline_of(FILES), quiet))
    asked = [at for begins, ends in decoded.claimed() for at in range(begins, ends, 200_000)]
    assert list(decoded.noted(Frame(at, NO_PIXELS) for at in asked))
    frame = coverage(FILES, decoded, day, marked)
    assert violations(frame, COVERAGE, Bounds.of(day, "cam_a")) == []
    return frame


def test_no_frame_of_quiet_hours_is_asked_for():
    day = site_day(quiet_hours=(LUNCH,))
    quiet = [window_us(span) for span in quiet_spans(day)]
    asked = stretches(FILES, timeline_of(FILES), quiet)
    times = [(one.begins_us, one.ends_us) for one in asked]
    assert times == [(us("11:00:00"), us("12:00:00")), (us("13:00:00"), us("14:00:00"))]
    assert {one.started_at_us for one in asked} == {us("11:00:00")}


def test_minutes_of_quiet_hours_are_recorded_and_not_observed_for_that_reason_alone():
    moved = Marked(us("11:30:00"), us("12:30:00"), "camera_moved")
    rows = ledger(moved).with_columns(at=pl.col("minute").dt.strftime("%H:%M"))
    lunch = rows.filter(pl.col("at").is_between(pl.lit("12:00"), pl.lit("12:59")))
    assert lunch.select("recorded_s", "readable_s", "reason").unique().rows() == [(60, 0, "quiet")]
    assert rows.filter(pl.col("reason") == "quiet").height == lunch.height == 60
    around = rows.filter(pl.col("at").is_in(["11:29", "11:30", "13:00"]))
    assert around["reason"].to_list() == [None, "camera_moved", None]


def test_quiet_hours_are_no_trading_hours_that_somebody_misses():
    day, rows = site_day(quiet_hours=(LUNCH,)), ledger()
    hours = trading_hours_of(rows, day)
    assert hours.height == (9 - 1) * 60
    assert hours.filter(pl.col("reason") == "quiet").is_empty()
