"""How recorders that are widely sold name the files that they write or export: one entry each.

Belongs here: presets, what `channel` means to each, the zone that it writes in, and who says so.
Does not belong here: the language of patterns (`vision.exports.patterns`), or a camera's own
(`vision.exports.names`).

A recorder of yours that is not here needs no entry: a pattern in the site file does the same.
Where no maker says how names are written, the source says whose files show it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Recorder = Literal[
    "axis",
    "brickcom",
    "canon",
    "cloudvue",
    "dahua",
    "dahua_nvr",
    "frigate",
    "genetec",
    "hikvision",
    "milestone",
    "onvif",
    "plain",
]
"""What `recorder` of the site file may be; `RECORDERS` has an entry for each."""

_STAMP = "%Y%m%d%H%M%S"
_VIDEO = "{mp4|mkv|avi|mov|asf}"
_NUMBERED_DATE = "{digits:4}-{digits:2}-{digits:2}"


@dataclass(frozen=True, slots=True)
class Preset:
    """How one recorder names its files.

    Attributes:
        title: Whose files these are.
        patterns: How they are named below the camera's folder; the first that fits is read.
            `{channel}` is the camera's channel.
        channel: What tells the cameras of one folder apart, as the site file's author knows it.
        any_channel: Pattern of the channel where the site file gives none; None where it must.
        example: A name, with its folders.
        source: Who says so.
        zone: The zone in which it writes; None for that of the recorder's own clock.
    """

    title: str
    patterns: tuple[str, ...]
    channel: str
    any_channel: str | None
    example: str
    source: str
    zone: Literal["UTC"] | None = None


RECORDERS: Mapping[Recorder, Preset] = MappingProxyType(
    {
        "axis": Preset(
            title="Axis cameras: SD card, network share, recordings exported",
            patterns=(
                f"%Y%m%d_%H%M%S_{{hex:4}}_{{channel}}{{copy}}.{_VIDEO}",
                # Longer recordings are a folder of blocks, each with a time of its own.
                "{digits:8}_{digits:6}_{hex:4}_{channel}/{digits:8}_{digits:2}/"
                f"%Y%m%d_%H%M%S_{{hex:4}}.{_VIDEO}",
            ),
            channel="the camera's serial number, such as B8A44F292D8D",
            any_channel="{hex:12}",
            example="20230211_082645_365E_B8A44F292D8D.mkv",
            source="recordings of AXIS OS cameras in public repositories "
            "(20250527_124108_F1CC_B8A44FD03ADD.mkv)",
        ),
        "brickcom": Preset(
            title="Brickcom NVR",
            patterns=(f"%Y%m%d-%H%M%S-{{end:%H%M%S}}_{{ip}}-CH{{channel}}{{copy}}.{_VIDEO}",),
            channel="the number after CH",
            any_channel=None,
            example="20140509-000500-001000_192.168.1.11-CH2.avi",
            source="https://www.brickcom.com/support/faq_contents.php?id=106",
        ),
        "canon": Preset(
            title="Canon VK-64 and VK-16",
            patterns=("NVR_{MPEG4|MEDIA}_{channel}_%Y%m%d_%H%M%S_{end:%Y%m%d_%H%M%S}.{mov|avi}",),
            channel="the 16 digits of the camera",
            any_channel="{hex:16}",
            example="NVR_MPEG4_00008500AB12CD34_20260301_090000_20260301_093000.mov",
            source="Canon VK-64/VK-16 Administrator's Manual, Files to Make a Backup (GMT)",
            zone="UTC",
        ),
        "cloudvue": Preset(
            title="Cloudvue Gateway",
            patterns=(f"{{channel}}/{_NUMBERED_DATE}/%s.mp4",),
            channel="the camera's MAC address",
            any_channel=None,
            example="0050F9627E62/2023-03-30/1680140457.mp4",
            source="https://exacq-cms.johnsoncontrols.com/tag/directory-structure",
            zone="UTC",
        ),
        "dahua": Preset(
            title="Dahua and Amcrest cameras: FTP, network share, SD card",
            patterns=(
                "%Y-%m-%d/{channel}/dav/%H/%H.%M.%S-{end:%H.%M.%S}"
                "[{letter}][{digits}@{digits}][{digits}]{copy}.{mp4|dav}",
                "%Y-%m-%d/{channel}/dav/%H.%M.%S-{end:%H.%M.%S}"
                "[{letter}][{digits}@{digits}][{digits}]{copy}.{mp4|dav}",
            ),
            channel="the folder of the channel, such as 001",
            any_channel="{digits:3}",
            example="2019-05-09/001/dav/21/21.04.49-21.05.14[M][0@0][0].mp4",
            source="github.com/shawnburke/amcrest-viewer, its tests",
        ),
        "dahua_nvr": Preset(
            title="Dahua and Amcrest recorders: files downloaded",
            patterns=(
                f"*_ch{{channel}}_main_{_STAMP}_{{end:{_STAMP}}}{{copy}}.{{mp4|dav|asf|avi}}",
            ),
            channel="the number after ch",
            any_channel=None,
            example="NVR_ch1_main_20240722123000_20240722124000.mp4",
            source="downloads in public repositories (.mp4, .dav and .asf)",
        ),
        "frigate": Preset(
            title="Frigate",
            patterns=("%Y-%m-%d/%H/{channel}/%M.%S.mp4",),
            channel="Frigate's name of the camera",
            any_channel=None,
            example="2026-06-15/14/front_door/30.45.mp4",
            source="https://docs.frigate.video/configuration/record (UTC)",
            zone="UTC",
        ),
        "genetec": Preset(
            title="Genetec Security Center exports",
            patterns=(
                "{channel}{-|_}%Y-%m-%d_%Hh%Mmin%Ss%fms.{mp4|asf|avi|g64x|g64}",
                # A long export is cut in parts which all repeat the first one's time.
                f"{{channel}}{{-|_}}{_NUMBERED_DATE}_{{digits:2}}h{{digits:2}}min{{digits:2}}s"
                "{digits:3}ms_{digits}.{mp4|asf|avi|g64x|g64}",
            ),
            channel="the camera's name",
            any_channel=None,
            example="Main Entrance-2017-05-21_15h05min30s000ms.mp4",
            source="exports in public repositories "
            "(EC-Main-Entrance-2017-05-21_15h05min30s000ms.mp4, .asf, .avi)",
        ),
        "hikvision": Preset(
            title="Hikvision: iVMS-4200 downloads, NVR backups and clips",
            patterns=tuple(
                f"{folder}{name}"
                # iVMS-4200 makes a folder of each download.
                for folder in ("", "*_{channel}_{digits:14}/")
                for name in (
                    f"*_{{channel}}_{_STAMP}_{{end:{_STAMP}}}{{copy}}.{{mp4|avi}}",
                    f"{{channel}}_{_STAMP}{{copy}}.mp4",
                    f"{{channel}}_S{_STAMP}_E{{end:{_STAMP}}}{{copy}}.mp4",
                    # Numbered as on the recorder's disk: the name says nothing of the time.
                    "{channel}_{digits:17}{copy}.mp4",
                )
            ),
            channel="the channel as the names have it: Camera 01, ch01, D1",
            any_channel=None,
            example="HRL -80m_Camera 01_20240325162243_20240325162801.mp4",
            source="downloads in public repositories (ch01_20241022100000.mp4, "
            "D1_S20230719090001_E20230719091810.mp4, ch01_00000000363000000.mp4)",
        ),
        "milestone": Preset(
            title="Milestone XProtect exports in media player format",
            patterns=tuple(
                f"{folders}{{channel}}{{copy}}.{{mkv|avi|mp4}}" for folders in ("", "*/", "*/*/")
            ),
            channel="the camera's name",
            any_channel=None,
            example="Export 2026-03-14/Entrance/Entrance.mkv",
            source="https://doc.milestonesys.com/2020R3/en-US/standard_features/sf_sc/sf_common/"
            "sc_exportingevidence.htm: an export is named after the moment at which it was made",
        ),
        "onvif": Preset(
            title="ONVIF Export File Format",
            patterns=("{channel}*.mp4",),
            channel="how the names begin",
            any_channel="",
            example="export_0001.mp4",
            source="ONVIF Export File Format Specification: names are free, the time is inside",
        ),
        "plain": Preset(
            title="Date and time: ffmpeg, motion, Shinobi and many more",
            patterns=("{channel}%Y-%m-%d{_|T| |-}%H-%M-%S{copy}.{mp4|mkv|avi|mov|ts|mpg|webm}",),
            channel="what stands before the date",
            any_channel="",
            example="cam_2026-03-14_10-00-00.mp4",
            source="strftime, as in the segment muxer of ffmpeg",
        ),
    }
)
"""Every preset, by the word that the site file has for it."""
