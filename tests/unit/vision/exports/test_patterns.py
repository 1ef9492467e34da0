"""Patterns of one's own: what is read, what may be stored, what is written, what is refused."""

import datetime as dt
from contextlib import suppress
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.exports.recordings import WRITTEN, camera_of, naming_of
from vision.exports.names import Naming, PatternError, stored_names
from vision.exports.patterns import NamePattern, NameTimes
from vision.site.models import Clock, RecorderExports

AT_ELEVEN = dt.datetime(2020, 2, 9, 23, 21, 12)


@pytest.mark.parametrize(
    ("pattern", "name", "start", "end"),
    [
        pytest.param(
            "cam/%Y%m%d/%H%M%S.mp4", "cam/20200209/232112.mp4", AT_ELEVEN, None,
            id="a date that is spread over folders",
        ),
        pytest.param(
            "%Y%m%d%H%M%S-{end:%H%M%S}.mp4", "20200209232112-233112.mp4", AT_ELEVEN,
            dt.time(23, 31, 12), id="an end without a date",
        ),
        pytest.param(
            "%Y%m%d%H%M%S-{end:%Y%m%d%H%M}.mp4", "20200209232112-202002092331.mp4", AT_ELEVEN,
            dt.datetime(2020, 2, 9, 23, 31), id="an end with a date",
        ),
        pytest.param(
            "* - %-m-%-d-%Y, %-I.%M.%S%p.mp4", "Front Door - 2-9-2020, 11.21.12pm.mp4", AT_ELEVEN,
            None, id="a clock of twelve hours and numbers without leading noughts",
        ),
        pytest.param(
            "%Y-%m-%d_%I-%M-%S_%p.avi", "2020-02-09_12-21-12_AM.avi",
            AT_ELEVEN.replace(hour=0), None, id="twelve at night",
        ),
        pytest.param(
            "%Y%m%dT%H%M%S%z.mp4", "20200209T232112+0100.mp4",
            AT_ELEVEN.replace(tzinfo=dt.timezone(dt.timedelta(hours=1))), None,
            id="an offset from UTC",
        ),
        pytest.param(
            "%Y%m%dT%H%M%S%z.mp4", "20200209T232112Z.mp4", AT_ELEVEN.replace(tzinfo=dt.UTC), None,
            id="UTC by a Z",
        ),
        pytest.param(
            "%Y%m%dT%H%M%S%z.mp4", "20200209T232112-03:30.mp4",
            AT_ELEVEN.replace(tzinfo=dt.timezone(-dt.timedelta(hours=3, minutes=30))), None,
            id="an offset west of Greenwich",
        ),
        pytest.param(
            "*_%s.mp4", "cam_1581290472.mp4", AT_ELEVEN.replace(tzinfo=dt.UTC), None,
            id="seconds since 1970",
        ),
        pytest.param(
            "*_%Q_{end:%Q}.mp4", "cam_1581290472250_1581290532250.mp4",
            AT_ELEVEN.replace(microsecond=250_000, tzinfo=dt.UTC),
            dt.datetime(2020, 2, 9, 23, 22, 12, 250_000, tzinfo=dt.UTC),
            id="milliseconds since 1970",
        ),
        pytest.param(
            "%Y%m%d_%H%M%S.%f.{mp4|mkv}", "20200209_232112.5.mkv",
            AT_ELEVEN.replace(microsecond=500_000), None, id="parts of a second, two endings",
        ),
        pytest.param("cam/*.mpg", "cam/EnterExit1cor.mpg", None, None, id="no time at all"),
        pytest.param(
            "%Y%m%d%H%M%S[{letter}]{copy}.mp4", "20200209232112[M] (2).mp4", AT_ELEVEN, None,
            id="brackets stand for themselves, and a copy is told apart",
        ),
    ],
)  # fmt: skip
def test_what_a_name_says(pattern, name, start, end):
    assert NamePattern.of(pattern).read(name) == NameTimes(start, end)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("%Y%m%d_%H%M%S.mp4", "20260230_100000.mp4"),
        ("%Y%m%d_%H%M%S.mp4", "20260201_240100.mp4"),
        ("%Y%m%d_%H%M%S.mp4", "20260201_100060.mp4"),
        ("%Y-%m-%d_%I-%M-%S_%p.avi", "2020-02-09_13-21-12_PM.avi"),
        ("%H/%Y%m%d_%H%M%S.mp4", "11/20260201_100000.mp4"),
        ("*/%Y%m%d_%H%M%S.mp4", "a/b/20260201_100000.mp4"),
        ("{digits:4}_*.mp4", "123_a.mp4"),
        ("{digits:4}_*.mp4", "١٢٣٤_a.mp4"),
        ("%Y%m%d_%H%M%S.mp4", "٢٠٢٦0201_100000.mp4"),
        ("%Y%m%d_%H%M%S.mp4", "00010101_000000.mp4"),
        ("%Y%m%d_%H%M%S-{end:%H%M}.mp4", "99991231_235959-0010.mp4"),
    ],
)
def test_a_name_that_says_nothing_possible_is_no_file_of_the_camera(pattern, name):
    assert NamePattern.of(pattern).read(name) is None


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("cam_%Y%j.mp4", "%j is not a part of a date"),
        ("cam_%", "% is not a part of a date"),
        ("{serial}_%s.mp4", "{serial} is not a field"),
        ("{end}_%s.mp4", "{end} is not a field"),
        ("{digits:40}_%s.mp4", "{digits:40} is not a field"),
        ("{end:%H%M_%s.mp4", "has no partner"),
        ("a}_%s.mp4", "has no partner"),
    ],
)
def test_a_pattern_that_cannot_be_understood_is_refused_with_a_remedy(pattern, what):
    with pytest.raises(PatternError) as refused:
        NamePattern.of(pattern)

    wrong, remedy = str(refused.value).split("; ")
    assert what in wrong
    assert "use" in remedy or "hold" in remedy


@pytest.mark.parametrize("name", ["a/Tür.mp4", f"a/{'x' * 25}.mp4", "a/x.mp4\n", "b/x.mp4"])
def test_a_name_in_which_more_could_hide_is_not_stored(name):
    assert stored_names(camera_of("a/*.mp4")).fullmatch("a/EnterExit1cor.mp4")
    assert not stored_names(camera_of("a/*.mp4")).fullmatch(name)


def test_a_name_that_the_site_file_lists_may_be_stored_whatever_it_is():
    starts = {"Tür.mp4": dt.datetime(2026, 3, 14, 10)}
    camera = camera_of("a/*.mp4", clock=Clock(starts=starts))

    assert stored_names(camera).fullmatch("a/Tür.mp4")
    assert not stored_names(camera).fullmatch("b/Tür.mp4")


@pytest.mark.parametrize(
    ("exports", "dates", "prefixes"),
    [
        ("cam_a/cam_a_%Y%m%d_%H%M%S.mp4", None, ["cam_a/cam_a_"]),
        (
            "cam_a/cam_a_%Y%m%d_%H%M%S.mp4",
            (14, 15),
            ["cam_a/cam_a_20260314_", "cam_a/cam_a_20260315_"],
        ),
        ("%Y/%m/x/%d.mp4", (14,), ["2026/03/x/14.mp4"]),
        ("*/%Y%m%d.mp4", (14, 15), [""]),
        ("a/%s.mp4", (14, 15), ["a/"]),
        (
            RecorderExports(recorder="frigate", channel="hall", folder="nvr/"),
            (14,),
            ["nvr/2026-03-14/"],
        ),
        (RecorderExports(recorder="onvif", folder="nvr"), (14,), ["nvr/"]),
    ],
)
def test_only_names_of_the_days_asked_for_need_to_be_listed(exports, dates, prefixes):
    days = None if dates is None else [dt.date(2026, 3, day) for day in dates]

    assert Naming.of(camera_of(exports)).prefixes(days) == prefixes


def test_a_channel_that_would_stand_for_others_is_refused():
    with pytest.raises(PatternError, match=r"hall\* has a \* in it"):
        naming_of("frigate", "hall*")


def test_a_recorder_whose_cameras_share_a_folder_needs_a_channel():
    with pytest.raises(PatternError, match="frigate needs a channel; give Frigate's name"):
        naming_of("frigate", None)


MOMENTS = st.datetimes(dt.datetime(2001, 10, 1), dt.datetime(2100, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=dt.UTC)
)
ZONES = st.sampled_from(["Europe/London", "America/New_York", "Asia/Kathmandu"])


@given(st.sampled_from(sorted(WRITTEN)), MOMENTS, ZONES, st.integers(0, 3))
def test_what_is_written_is_read_again_and_may_be_stored(recorder, at, zone, copy):
    exports = RecorderExports(recorder=recorder, channel=WRITTEN[recorder].channel, folder="a/b")
    camera = camera_of(exports)
    naming = Naming.of(camera)

    name = naming.write(at, zone, at + dt.timedelta(minutes=5), copy)

    times = naming.read(name)
    assert times is not None
    assert stored_names(camera).fullmatch(name)
    local = at.astimezone(naming.time_zone(zone)).replace(tzinfo=None)
    assert times.start in {local, at}


PIECES = "%Y%m%d|%-m-%-d-%Y |%H%M%S|%-I.%M.%S%p|%z|{end:%H%M%S}|{end:%s}|*|{copy}|{hex:4}|/|cam"
PATTERNS = st.lists(
    st.sampled_from([*PIECES.split("|"), "[{letter}]", "{mp4|mkv}"]), min_size=1, max_size=8
).map(lambda parts: f"{'_'.join(parts)}.mp4")


@given(PATTERNS, MOMENTS, ZONES)
def test_any_pattern_reads_what_it_writes(pattern, at, zone):
    written = NamePattern.of(pattern)
    local = at.astimezone(ZoneInfo(zone))

    times = written.read(written.write(local, local + dt.timedelta(minutes=5)))

    assert times is not None
    if written.tells("start") and not written.missing("start"):
        assert times.start is not None
        assert times.start.replace(tzinfo=None) == local.replace(tzinfo=None, fold=0)


@given(PATTERNS, st.text(max_size=40))
def test_no_text_upsets_a_pattern(pattern, text):
    NamePattern.of(pattern).read(text)


@given(st.text(max_size=30))
def test_no_text_upsets_what_reads_patterns(text):
    with suppress(PatternError):
        NamePattern.of(text).read(text)
