"""Contracts of the ingest stage: files, the timeline that they come to, what was observed.

Belongs here: what may be stored of recordings, none of which says anything of people. Does not
belong here: every other contract, and the list of all (`vision.contracts`).
"""

from typing import Literal, get_args

import polars as pl

from vision.contract_terms import (
    INSTANT,
    ByAClock,
    Column,
    Contract,
    InTradingDay,
    Matches,
    OneOf,
    Range,
    RecordingName,
)
from vision.exports.bounds import LONGEST_S, MOST_BYTES, MOST_FRAMES, MOST_SIDE_PX
from vision.exports.reasons import NOT_OBSERVED, REPEATED, SET_ASIDE

UNSUPPORTED_NAME = "unsupported"
"""Stands for a file name in which more can hide than a recorder would write."""

ClockSource = Literal["site_file", "onvif", "container", "name", "sidecar", "order"]
"""Where the start of a file can be read from, the best first."""
CLOCK_SOURCES: tuple[ClockSource, ...] = get_args(ClockSource)

CODECS = ("av1", "h263", "h264", "hevc", "mjpeg", "mpeg1video", "mpeg2video", "mpeg4", "vp8", "vp9")
OTHER_CODEC = "other"

_MILLISECOND, _SECOND = 1_000, 1_000_000

CAMERA_EXPORTS = Contract(
    name="camera_exports",
    grain="one video file",
    columns=(
        Column(
            "export",
            pl.Int32(),
            "1",
            "Number of the file within the camera-day, by start",
            Range(0, 200_000),
        ),
        Column(
            "file_name",
            pl.String(),
            "",
            "Path of the file below the folder of recordings",
            RecordingName(),
        ),
        Column("sha256", pl.String(), "", "SHA-256 of the file's bytes", Matches(r"[0-9a-f]{64}")),
        Column("size_bytes", pl.Int64(), "byte", "Size of the file", Range(0, MOST_BYTES)),
        Column(
            "modified_at",
            INSTANT,
            "UTC",
            "When the file was last written, by its folder; NULL where it could not be asked",
            ByAClock(_SECOND),
            nullable=True,
        ),
        Column(
            "started_at",
            INSTANT,
            "UTC",
            "When the first frame was taken, as all clocks together say",
            InTradingDay(_MILLISECOND, margin_us=LONGEST_S * _SECOND),
        ),
        Column(
            "ended_at",
            INSTANT,
            "UTC",
            "When the last frame ends; NULL where unknown",
            InTradingDay(margin_us=LONGEST_S * _SECOND),
            nullable=True,
        ),
        Column(
            "frames",
            pl.Int64(),
            "1",
            "Frames that were decoded",
            Range(0, MOST_FRAMES),
            nullable=True,
        ),
        Column(
            "width", pl.Int32(), "px", "Width of a frame", Range(1, MOST_SIDE_PX), nullable=True
        ),
        Column(
            "height", pl.Int32(), "px", "Height of a frame", Range(1, MOST_SIDE_PX), nullable=True
        ),
        Column(
            "declared_fps",
            pl.Float64(),
            "1/s",
            "Frame rate that the container declares",
            Range(0, 1000, 0.001),
            nullable=True,
        ),
        Column(
            "delivered_fps",
            pl.Float64(),
            "1/s",
            "Frames per second of recorded time",
            Range(0, 1000, 0.001),
            nullable=True,
        ),
        Column(
            "paused_s",
            pl.Float64(),
            "s",
            "Seconds between first and last frame in which nothing was recorded",
            Range(0, LONGEST_S, 0.01),
            nullable=True,
        ),
        Column(
            "codec",
            pl.String(),
            "",
            "Codec of the video stream",
            OneOf((*CODECS, OTHER_CODEC)),
            nullable=True,
        ),
        Column(
            "clock_source",
            pl.String(),
            "",
            "Where the start was read from",
            OneOf(CLOCK_SOURCES),
        ),
        Column(
            "onvif_at",
            INSTANT,
            "UTC",
            "Start by the correct-start-time box of an ONVIF export; NULL where there is none",
            ByAClock(_MILLISECOND),
            nullable=True,
        ),
        Column(
            "container_at",
            INSTANT,
            "UTC",
            "Creation time of the container; NULL where there is none",
            ByAClock(_MILLISECOND),
            nullable=True,
        ),
        Column(
            "compared_with",
            pl.String(),
            "",
            "The other source that is farthest from clock_source; NULL where there is no other",
            OneOf(CLOCK_SOURCES),
            nullable=True,
        ),
        Column(
            "clocks_apart_s",
            pl.Float64(),
            "s",
            "By how much compared_with is later than clock_source; a day stands for more",
            Range(-86_400, 86_400, 0.001),
            nullable=True,
        ),
        Column(
            "corrected_s",
            pl.Float64(),
            "s",
            "By how much started_at is later than clock_source says: drift, files that were joined",
            Range(-86_400, 86_400, 0.001),
        ),
        Column(
            "used_s",
            pl.Float64(),
            "s",
            "Seconds of it that are on the timeline of the day",
            Range(0, LONGEST_S, 0.001),
        ),
        Column(
            "status",
            pl.String(),
            "",
            "Whether the file takes part, shows what others show too, or is set aside",
            OneOf(("catalogued", "repeated", "quarantined")),
        ),
        Column(
            "reason",
            pl.String(),
            "",
            "Why a file takes no part; NULL where it does",
            OneOf((*REPEATED, *SET_ASIDE)),
            nullable=True,
        ),
    ),
    key=("export",),
    personal=False,
    kept="ingest_years",
)

TIMELINE = Contract(
    name="timeline",
    grain="one unbroken stretch that is taken from one file",
    columns=(
        Column(
            "begins_at", INSTANT, "UTC", "First instant of the stretch", InTradingDay(_MILLISECOND)
        ),
        Column(
            "ends_at", INSTANT, "UTC", "First instant after the stretch", InTradingDay(_MILLISECOND)
        ),
        Column("sha256", pl.String(), "", "SHA-256 of the file's bytes", Matches(r"[0-9a-f]{64}")),
    ),
    key=("begins_at",),
    personal=False,
    kept="ingest_years",
)
"""Names no file, so that the same recording exported again under another name is the same."""

COVERAGE = Contract(
    name="coverage",
    grain="one minute",
    columns=(
        Column("minute", INSTANT, "UTC", "Start of the minute", InTradingDay(60 * _SECOND)),
        Column(
            "recorded_s", pl.Float64(), "s", "Seconds that some file claims", Range(0, 60, 0.01)
        ),
        Column(
            "readable_s",
            pl.Float64(),
            "s",
            "Seconds that were recorded, decoded and show the camera's view: what was observed",
            Range(0, 60, 0.01),
        ),
        Column(
            "reason",
            pl.String(),
            "",
            "Why the minute was not wholly observed; NULL where it was",
            OneOf(NOT_OBSERVED),
            nullable=True,
        ),
    ),
    key=("minute",),
    personal=False,
    kept="ingest_years",
    made_from="timeline",
)
