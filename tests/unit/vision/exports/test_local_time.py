"""The hour that clocks show twice, the one that they skip, and what decides."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.exports.recordings import WRITTEN, naming_of, night
from vision.exports.local_time import recording_order, to_utc
from vision.exports.patterns import NamePattern

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
MINUTE = dt.timedelta(minutes=1)


def read(names, modified=None, zone=LONDON, on="2026-10"):
    """Names such as `25_0110` or `25_0150-0110`, as `HH:MM decided_by` in UTC."""
    pattern = NamePattern.of("%Y-%m-%d_%H%M%S{copy}.mp4")
    with_end = NamePattern.of("%Y-%m-%d_%H%M%S-{end:%H%M}{copy}.mp4")
    named = {}
    for name in names:
        day, _, clock = name.partition("_")
        begin, _, rest = clock.partition("-")
        hour, copy = begin[:4], begin[4:]
        if rest:
            named[name] = with_end.read(f"{on}-{day}_{hour}00-{rest}.mp4")
        else:
            named[name] = pattern.read(f"{on}-{day}_{hour}00{copy}.mp4")
    written = {
        name: dt.datetime.fromisoformat(f"{at}+00:00") for name, at in (modified or {}).items()
    }
    found = to_utc(named, zone, written.get)
    return {
        name: " ".join([f"{times.start:%H:%M}", *([times.decided_by] if times.decided_by else [])])
        for name, times in found.items()
    }


@pytest.mark.parametrize(
    ("names", "modified", "expected"),
    [
        pytest.param(["25_0110", "25_0110_1"], {}, ["00:10 twin", "01:10 twin"], id="a suffix"),
        pytest.param(
            ["25_0110_10", "25_0110_9"], {}, ["01:10 twin", "00:10 twin"],
            id="suffixes count as numbers",
        ),
        pytest.param(["25_0150-0110"], {}, ["00:50 end"], id="an end before its start"),
        pytest.param(["25_0150-0210"], {}, ["01:50 end"], id="an end after the hour"),
        pytest.param(["25_0030-0130"], {}, ["23:30"], id="a start before the hour"),
        pytest.param(
            ["25_0130"], {"25_0130": "2026-10-25 00:45"}, ["00:30 modified"],
            id="a file that was written before the second time round",
        ),
        pytest.param(
            ["25_0130-0140"], {"25_0130-0140": "2026-10-25 01:40:03"}, ["01:30 modified"],
            id="a file that was closed when the second one ends",
        ),
        pytest.param(
            ["25_0130-0140"], {"25_0130-0140": "2026-10-25 09:00:00"}, ["00:30 first"],
            id="a file that was copied in the morning",
        ),
        pytest.param(
            ["25_0130", "25_0130_1"], {"25_0130_1": "2026-10-25 00:41:00"},
            ["01:30 twin", "00:30 modified"], id="what was written counts more than the suffix",
        ),
        pytest.param(
            ["25_0056-0103", "25_0103-0110"], {}, ["23:56", "00:03 order"],
            id="a file that goes on where one ends",
        ),
        pytest.param(
            ["25_0148-0155", "25_0155-0202"], {}, ["01:48 order", "01:55 end"],
            id="a file that ends where one goes on",
        ),
        pytest.param(
            ["25_0030", "25_0040", "25_0050", "25_0100", "25_0110"], {},
            ["23:30", "23:40", "23:50", "00:00 order", "00:10 order"],
            id="names without ends follow at the usual pace",
        ),
        pytest.param(["25_0130"], {}, ["00:30 first"], id="nothing to go by"),
        pytest.param(["25_0059", "25_0200"], {}, ["23:59", "02:00"], id="the hours around it"),
    ],
)  # fmt: skip
def test_what_decides_in_the_hour_that_is_shown_twice(names, modified, expected):
    assert list(read(names, modified).values()) == expected


def test_a_name_from_the_hour_that_is_skipped_comes_from_a_clock_not_put_forward():
    assert read(["29_0059", "29_0130", "29_0200"], on="2026-03") == {
        "29_0059": "00:59",
        "29_0130": "01:30 skipped",
        "29_0200": "01:00",
    }
    assert read(["08_0230"], zone=NEW_YORK, on="2026-03") == {"08_0230": "07:30 skipped"}


def test_an_end_from_the_hour_that_is_skipped_comes_from_a_clock_not_put_forward():
    name = "20260329002000_20260329013000.mp4"
    times = NamePattern.of("%Y%m%d%H%M%S_{end:%Y%m%d%H%M%S}.mp4").read(name)
    (found,) = to_utc({name: times}, LONDON).values()
    assert found.end == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)


def test_a_guess_is_called_one():
    pattern = NamePattern.of("%Y%m%d%H%M%S{copy}.mp4")
    names = ["20261025013000.mp4", "20261025023000.mp4"]
    guess, certain = to_utc({name: pattern.read(name) for name in names}, LONDON).values()
    assert (guess.guessed, certain.guessed) == (True, False)


def test_files_are_asked_when_they_were_written_only_where_it_matters():
    pattern = NamePattern.of("%Y%m%d%H%M%S.mp4")
    names = ["20261025003000.mp4", "20261025013000.mp4", "20261025023000.mp4"]
    asked = []
    to_utc({name: pattern.read(name) for name in names}, LONDON, asked.append)
    assert asked == ["20261025013000.mp4"]


def test_a_suffix_comes_after_the_bare_name():
    names = ["a (2).mp4", "a_10.mp4", "a.mp4", "a_9.mp4"]
    assert sorted(names, key=recording_order)[0] == "a.mp4"
    assert sorted(["a_10.mp4", "a_9.mp4", "a.mp4"], key=recording_order) == [
        "a.mp4",
        "a_9.mp4",
        "a_10.mp4",
    ]


WITH_ENDS = sorted(r for r, written in WRITTEN.items() if "{e:" in written.text)
LENGTHS = st.integers(2, 59).map(lambda minutes: minutes * MINUTE)
NIGHTS = st.sampled_from(
    [
        (LONDON, dt.datetime(2026, 10, 24, 20, tzinfo=dt.UTC)),
        (LONDON, dt.datetime(2026, 3, 28, 20, tzinfo=dt.UTC)),
        (NEW_YORK, dt.datetime(2026, 11, 1, 1, tzinfo=dt.UTC)),
        (NEW_YORK, dt.datetime(2026, 3, 8, 1, tzinfo=dt.UTC)),
    ]
)


@given(st.sampled_from(WITH_ENDS), NIGHTS, LENGTHS, st.integers(0, 119), st.data())
def test_files_are_read_in_the_order_in_which_they_were_recorded(
    recorder, zone_and_start, length, late, data
):
    zone, start = zone_and_start
    written = WRITTEN[recorder]
    truth = night(written, zone, start + late * MINUTE, 9, length)
    naming = naming_of(recorder, written.channel)

    names = data.draw(st.permutations(list(truth)))
    found = to_utc({n: naming.read(n) for n in names}, naming.time_zone(zone.key))

    assert sorted(found, key=lambda n: found[n].start) == list(truth)
    assert {n: (t.start, t.end) for n, t in found.items()} == truth


@given(st.sampled_from(sorted(WRITTEN)), NIGHTS, LENGTHS, st.integers(0, 119), st.data())
def test_with_gaps_between_them_the_time_of_writing_tells(
    recorder, zone_and_start, length, late, data
):
    zone, start = zone_and_start
    written = WRITTEN[recorder]
    if not written.again and not written.utc:
        # Genetec's parts of one export say nothing of the time.
        return
    truth = night(written, zone, start + late * MINUTE, 9, length)
    naming = naming_of(recorder, written.channel)
    there = data.draw(st.lists(st.sampled_from(list(truth)), min_size=3, unique=True))
    if "{e:" not in written.text:
        there = list(truth)

    found = to_utc(
        {n: naming.read(n) for n in there},
        naming.time_zone(zone.key),
        lambda name: truth[name][1] + dt.timedelta(seconds=5),
    )

    assert {n: times.start for n, times in found.items()} == {n: truth[n][0] for n in there}


@given(st.lists(st.integers(0, 24 * 60 - 1), unique=True, max_size=30), st.randoms())
def test_the_order_in_which_names_are_listed_changes_nothing(minutes, random):
    pattern = NamePattern.of("%Y-%m-%d_%H%M%S.mp4")
    names = [f"2026-10-25_{m // 60:02d}{m % 60:02d}00.mp4" for m in minutes]
    once = to_utc({n: pattern.read(n) for n in names}, LONDON)
    random.shuffle(names)
    assert to_utc({n: pattern.read(n) for n in names}, LONDON) == once


@given(st.lists(st.from_regex("[0-9]{12}-[0-9]{4}", fullmatch=True), max_size=5))
def test_no_name_upsets_the_reading(names):
    pattern = NamePattern.of("%Y%m%d%H%M-{end:%H%M}")
    read = {name: times for name in names if (times := pattern.read(name)) is not None}
    for zone in (LONDON, NEW_YORK, ZoneInfo("Asia/Kathmandu")):
        assert set(to_utc(read, zone)) == set(read)
