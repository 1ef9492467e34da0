"""What recorders call their files: a night of recordings, named in local time or in UTC.

Names are written here with Python's own format strings, not with what is under test.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from vision.exports.names import Naming
from vision.exports.recorders import Recorder
from vision.site.models import Camera, RecorderExports

TEN_MINUTES = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Written:
    """How one recorder writes names: a format string of start, end, how often, and in which zone.

    `{again}` tells apart two files that would have one name; recorders without it never need to,
    or tell them apart by something that says nothing of their order.
    """

    text: str
    channel: str | None
    again: str = ""
    utc: bool = False

    def name(self, start: dt.datetime, end: dt.datetime, zone: ZoneInfo, copy: int) -> str:
        written = dt.UTC if self.utc else zone
        s, e = start.astimezone(written), end.astimezone(written)
        again = self.again.format(copy) if copy else ""
        return self.text.format(
            s=s, e=e, ms=s.microsecond // 1000, again=again, stamp=s.timestamp()
        )


WRITTEN: Mapping[Recorder, Written] = {
    "axis": Written("{s:%Y%m%d_%H%M%S}_365E_B8A44F292D8D{again}.mkv", None, "_{}"),
    "brickcom": Written("{s:%Y%m%d-%H%M%S}-{e:%H%M%S}_192.168.1.11-CH2{again}.avi", "2", "({})"),
    "canon": Written(
        "NVR_MPEG4_00008500AB12CD34_{s:%Y%m%d_%H%M%S}_{e:%Y%m%d_%H%M%S}.mov", None, utc=True
    ),
    "cloudvue": Written("0050F9627E62/{s:%Y-%m-%d}/{stamp:.0f}.mp4", "0050F9627E62", utc=True),
    "dahua": Written(
        "{s:%Y-%m-%d}/001/dav/{s:%H}/{s:%H.%M.%S}-{e:%H.%M.%S}[R][0@0][0]{again}.dav",
        "001",
        "_{}",
    ),
    "dahua_nvr": Written("NVR_ch1_main_{s:%Y%m%d%H%M%S}_{e:%Y%m%d%H%M%S}{again}.mp4", "1", " ({})"),
    "frigate": Written("{s:%Y-%m-%d/%H}/front_door/{s:%M.%S}.mp4", "front_door", utc=True),
    "genetec": Written("Main Entrance-{s:%Y-%m-%d_%Hh%Mmin%Ss}{ms:03d}ms.mp4", "Main Entrance"),
    "hikvision": Written(
        "Mall_Camera 01_{s:%Y%m%d%H%M%S}_{e:%Y%m%d%H%M%S}{again}.mp4", "Camera 01", "_{}"
    ),
    "plain": Written("cam_{s:%Y-%m-%d_%H-%M-%S}{again}.mp4", "cam_", "-{}"),
}
"""Of every recorder whose names tell a start."""


def naming_of(recorder: Recorder, channel: str | None) -> Naming:
    """How a camera with this recorder is named."""
    return Naming.of(camera_of(RecorderExports(recorder=recorder, channel=channel)))


def camera_of(exports: str | RecorderExports, **more: object) -> Camera:
    """A camera that is named so."""
    given = {"id": "cam", "floor": "ground", "frame": (640, 360), "exports": exports, **more}
    return Camera.model_validate(given)


def night(
    written: Written,
    zone: ZoneInfo,
    start: dt.datetime,
    hours: int,
    length: dt.timedelta = TEN_MINUTES,
) -> dict[str, tuple[dt.datetime, dt.datetime]]:
    """Names of files that follow each other from `start` (UTC) on, with the truth about each."""
    named: dict[str, tuple[dt.datetime, dt.datetime]] = {}
    for begin, end in _files(start, hours, length):
        copy = 0
        while (name := written.name(begin, end, zone, copy)) in named:
            copy += 1
            assert copy < 3, f"{name} would be written over"
        named[name] = (begin, end)
    return named


def _files(
    start: dt.datetime, hours: int, length: dt.timedelta
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    at = start
    while at < start + dt.timedelta(hours=hours):
        yield at, at + length
        at += length
