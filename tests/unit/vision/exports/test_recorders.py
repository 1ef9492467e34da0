"""Real names of every recorder in, UTC out, on the days on which clocks change too."""

import datetime as dt
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from tests.unit.vision.exports.recordings import WRITTEN, Written, camera_of, naming_of, night
from vision.exports.local_time import to_utc
from vision.exports.names import stored_names
from vision.exports.recorders import RECORDERS, Recorder
from vision.site.models import RecorderExports

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")

# Names as found in the wild or in a maker's manual; zone of the clock; start and end in UTC.
REAL: list[tuple[Recorder, str | None, ZoneInfo, str, str | None, str | None]] = [
    ("axis", None, LONDON, "20230211_082645_365E_B8A44F292D8D.mkv", "2023-02-11 08:26:45", None),
    ("axis", "B8A44FD03ADD", NEW_YORK, "20250527_124108_F1CC_B8A44FD03ADD.mkv",
     "2025-05-27 16:41:08", None),
    ("axis", "ACCC8E123456", LONDON,
     "20250714_093000_1A2B_ACCC8E123456/20250714_10/20250714_101500_77F0.mkv",
     "2025-07-14 09:15:00", None),
    ("brickcom", "2", LONDON, "20140509-000500-001000_192.168.1.11-CH2.avi",
     "2014-05-08 23:05:00", "2014-05-08 23:10:00"),
    ("brickcom", "2", NEW_YORK, "20140509-235500-000000_192.168.1.11-CH2.avi",
     "2014-05-10 03:55:00", "2014-05-10 04:00:00"),
    ("canon", None, NEW_YORK, "NVR_MEDIA_00008500AB12CD34_20260301_090000_20260301_093000.avi",
     "2026-03-01 09:00:00", "2026-03-01 09:30:00"),
    ("cloudvue", "0050F9627E62", NEW_YORK, "0050F9627E62/2023-03-30/1680140457.mp4",
     "2023-03-30 01:40:57", None),
    ("dahua", "001", LONDON, "2019-05-09/001/dav/21/21.04.49-21.05.14[M][0@0][0].mp4",
     "2019-05-09 20:04:49", "2019-05-09 20:05:14"),
    ("dahua", None, NEW_YORK, "2015-04-11/001/dav/03/03.28.59-03.29.26[M][0@0][0].dav",
     "2015-04-11 07:28:59", "2015-04-11 07:29:26"),
    ("dahua", "001", LONDON, "2026-01-10/001/dav/23/23.30.00-24.00.00[R][0@0][0].dav",
     "2026-01-10 23:30:00", "2026-01-11 00:00:00"),
    ("dahua_nvr", "1", LONDON, "NVR_ch1_main_20240722123000_20240722124000.mp4",
     "2024-07-22 11:30:00", "2024-07-22 11:40:00"),
    ("dahua_nvr", "1", LONDON, "NVR_ch1_main_20200207140000_20200207143000.asf",
     "2020-02-07 14:00:00", "2020-02-07 14:30:00"),
    ("frigate", "front_door", NEW_YORK, "2026-06-15/14/front_door/30.45.mp4",
     "2026-06-15 14:30:45", None),
    ("genetec", "EC-Main-Entrance", LONDON, "EC-Main-Entrance-2017-05-21_15h05min30s000ms.mp4",
     "2017-05-21 14:05:30", None),
    ("genetec", "CanalSt@BaxterSt-96.106", NEW_YORK,
     "CanalSt@BaxterSt-96.106_2015-06-16_16h03min52s762ms.avi", "2015-06-16 20:03:52.762", None),
    ("genetec", "L2-E(1081)", LONDON, "L2-E(1081)-2020-09-04_10h00min00s000ms_1.asf", None, None),
    ("hikvision", "Camera 01", LONDON, "HRL -80m_Camera 01_20240325162243_20240325162801.mp4",
     "2024-03-25 16:22:43", "2024-03-25 16:28:01"),
    ("hikvision", "163", LONDON,
     "Depan_Office_163_163_20241129090712/"
     "Depan_Office_163_163_20241129071902_20241129072021_77073.mp4",
     "2024-11-29 07:19:02", "2024-11-29 07:20:21"),
    ("hikvision", "ch01", NEW_YORK, "ch01_20241022100000.mp4", "2024-10-22 14:00:00", None),
    ("hikvision", "D1", LONDON, "D1_S20230719090001_E20230719091810.mp4",
     "2023-07-19 08:00:01", "2023-07-19 08:18:10"),
    ("hikvision", "ch01", LONDON, "ch01_00000000363000000.mp4", None, None),
    ("milestone", "Entrance", LONDON, "Export 2026-03-14/Entrance/Entrance.mkv", None, None),
    ("onvif", None, LONDON, "export_0001.mp4", None, None),
    ("plain", "cam_", LONDON, "cam_2026-07-01_10-00-00.mp4", "2026-07-01 09:00:00", None),
    ("plain", None, NEW_YORK, "2026-07-01T10-00-00.mkv", "2026-07-01 14:00:00", None),
]  # fmt: skip

# What else lies in the folders of recorders and is no recording of the camera.
STRANGERS: list[tuple[Recorder, str | None, str]] = [
    ("axis", "B8A44F292D8D", "20230211_082645_365E_ACCC8E123456.mkv"),
    ("brickcom", "2", "20140509-000500-001000_192.168.1.11-CH12.avi"),
    ("dahua", "001", "2019-05-09/001/jpg/21/21.04.49[M][0@0][0].jpg"),
    ("dahua", "001", "2019-05-09/002/dav/21/21.04.49-21.05.14[M][0@0][0].mp4"),
    ("dahua", "001", "2019-05-09/001/dav/20/21.04.49-21.05.14[M][0@0][0].mp4"),
    ("dahua", "001", "2019-05-09/001/dav/21/21.04.49-21.05.14[M][0@0][0].dav_"),
    ("dahua_nvr", "1", "NVR_ch11_main_20240722123000_20240722124000.mp4"),
    ("dahua_nvr", "1", "NVR_ch1_sub_20240722123000_20240722124000.mp4"),
    ("frigate", "front", "2026-06-15/14/front_door/30.45.mp4"),
    ("frigate", "front", "2026-06-15/24/front/30.45.mp4"),
    ("genetec", "Cam 1", "Cam 11-2017-05-21_15h05min30s000ms.mp4"),
    ("hikvision", "Camera 01", "Mall_Camera 011_20240325162243_20240325162801.mp4"),
    ("milestone", "Entrance", "Export/Entrance 2/Entrance 2.mkv"),
    ("plain", "cam_", "cam_2026-13-01_10-00-00.mp4"),
]


@pytest.mark.parametrize(
    ("recorder", "channel", "zone", "name", "start", "end"), REAL, ids=[one[3] for one in REAL]
)
def test_a_real_name_is_read_in_utc(recorder, channel, zone, name, start, end):
    naming = naming_of(recorder, channel)

    times = naming.read(name)

    assert times is not None
    read = to_utc({name: times}, naming.time_zone(zone.key)).get(name)
    assert (read and told(read.start), read and told(read.end)) == (start, end)


@pytest.mark.parametrize(("recorder", "channel", "name"), STRANGERS)
def test_what_is_no_recording_of_the_camera_is_left_alone(recorder, channel, name):
    assert naming_of(recorder, channel).read(name) is None


@pytest.mark.parametrize(
    ("recorder", "channel", "name"),
    [(one[0], one[1], one[3]) for one in REAL if one[1] != "L2-E(1081)"],
    ids=[one[3] for one in REAL if one[1] != "L2-E(1081)"],
)
def test_a_real_name_may_be_stored(recorder, channel, name):
    camera = camera_of(RecorderExports(recorder=recorder, channel=channel, folder="nvr/one"))

    assert stored_names(camera).fullmatch(f"nvr/one/{name}")


def test_every_recorder_has_an_entry_an_example_and_a_test():
    assert set(RECORDERS) == set(get_args(Recorder)) == {one[0] for one in REAL}
    for recorder, preset in RECORDERS.items():
        channels = {one[1] for one in REAL if one[0] == recorder} | {"Main Entrance"}
        assert any(naming_of(recorder, channel).read(preset.example) for channel in channels)


CHANGES = [
    pytest.param(LONDON, "2026-03-28 22:00", id="London loses an hour"),
    pytest.param(LONDON, "2026-10-24 21:00", id="London gains an hour"),
    pytest.param(NEW_YORK, "2026-03-08 04:00", id="New York loses an hour"),
    pytest.param(NEW_YORK, "2026-11-01 03:00", id="New York gains an hour"),
]


@pytest.mark.parametrize(("zone", "start"), CHANGES)
@pytest.mark.parametrize("recorder", WRITTEN)
def test_a_night_in_which_clocks_change_is_read_in_utc(recorder, zone, start):
    written = WRITTEN[recorder]
    # Files of eleven minutes meet no name twice, so that nothing but the night itself tells.
    truth = night(written, zone, utc(start), hours=8, length=dt.timedelta(minutes=11))

    assert starts(recorder, written, zone, truth) == {n: begin for n, (begin, _) in truth.items()}


TWICE = [
    pytest.param(LONDON, "2026-10-24 21:00", id="London"),
    pytest.param(NEW_YORK, "2026-11-01 03:00", id="New York"),
]


@pytest.mark.parametrize(("zone", "start"), TWICE)
@pytest.mark.parametrize("recorder", [r for r, written in WRITTEN.items() if written.again])
def test_the_hour_that_is_written_twice_is_read_twice(recorder, zone, start):
    written = WRITTEN[recorder]
    truth = night(written, zone, utc(start), hours=8)

    assert starts(recorder, written, zone, truth) == {n: begin for n, (begin, _) in truth.items()}


@pytest.mark.parametrize(("zone", "start"), TWICE)
def test_names_that_say_nothing_of_their_order_are_told_apart_by_when_they_were_written(
    zone, start
):
    first = Written("{s:%Y%m%d_%H%M%S}_C0DE_B8A44F292D8D.mkv", None)
    second = Written("{s:%Y%m%d_%H%M%S}_0BAD_B8A44F292D8D.mkv", None)
    back = utc(start) + dt.timedelta(hours=4 if zone is LONDON else 3)
    truth = night(first, zone, back - dt.timedelta(hours=3), hours=3)
    truth |= night(second, zone, back, hours=3)
    naming = naming_of("axis", None)

    read = to_utc(
        {name: naming.read(name) for name in truth},
        zone,
        lambda name: truth[name][1] + dt.timedelta(seconds=1),
    )

    assert {n: times.start for n, times in read.items()} == {n: b for n, (b, _) in truth.items()}


def starts(recorder, written, zone, names):
    naming = naming_of(recorder, written.channel)
    read = to_utc({name: naming.read(name) for name in names}, naming.time_zone(zone.key))
    return {name: times.start for name, times in read.items()}


def utc(text):
    return dt.datetime.fromisoformat(f"{text}+00:00")


def told(at):
    return None if at is None else str(at.replace(tzinfo=None)).removesuffix("000")
