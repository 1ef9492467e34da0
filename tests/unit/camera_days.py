"""Camera-days of every shape, as their ledger and their files tell.

Belongs here: frames for what one sees of a camera-day. Does not belong here: how they come about
(`vision.exports`).
"""

import datetime as dt
from dataclasses import dataclass, field

import polars as pl

from tests.unit import small_mall
from vision.site.models import SiteDay

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
_FILE = {
    "started_at": pl.Datetime("us", "UTC"),
    "ended_at": pl.Datetime("us", "UTC"),
    "clock_source": pl.String,
    "compared_with": pl.String,
    "clocks_apart_s": pl.Float64,
    "status": pl.String,
    "reason": pl.String,
}


@dataclass
class CameraDay:
    """A camera-day in the making; hours count from the start of the trading day."""

    site_day: SiteDay
    files: list[dict[str, object]] = field(default_factory=list)
    marked: list[tuple[float, float, str]] = field(default_factory=list)

    def file(self, begin: float, end: float | None, **told: object) -> "CameraDay":
        """Add a file; without an end nobody knows how long it is."""
        start = self.site_day.window[0]
        plain = {"clock_source": "name", "compared_with": None, "clocks_apart_s": None}
        row = {
            "started_at": start + begin * HOUR,
            "ended_at": None if end is None else start + end * HOUR,
            "status": "catalogued",
            "reason": None,
        }
        self.files.append(plain | row | told)
        return self

    def broken(self, begin: float, end: float | None = None) -> "CameraDay":
        """Add a file that is set aside."""
        return self.file(begin, end, status="quarantined", reason="unreadable")

    def spoiled(self, begin: float, end: float, reason: str) -> "CameraDay":
        """Mark a stretch in which frames did not show what they should."""
        self.marked.append((begin, end, reason))
        return self

    @property
    def exports(self) -> pl.DataFrame:
        """What the pictures and tables look at of `camera_exports`."""
        return pl.DataFrame(self.files, schema=_FILE).sort("started_at")

    @property
    def coverage(self) -> pl.DataFrame:
        """The ledger that these files make."""
        start, end = self.site_day.window
        minutes = [start + number * MINUTE for number in range((end - start) // MINUTE)]
        seconds = {"catalogued": [0.0] * len(minutes), "quarantined": [0.0] * len(minutes)}
        for one in self.exports.iter_rows(named=True):
            ended = one["ended_at"] or one["started_at"] + MINUTE
            first = max(0, (one["started_at"] - start) // MINUTE)
            for number in range(first, min(len(minutes), (ended - start) // MINUTE + 1)):
                if one["status"] in seconds:
                    minute = minutes[number]
                    shared = min(ended, minute + MINUTE) - max(one["started_at"], minute)
                    seconds[one["status"]][number] += max(0.0, shared.total_seconds())
        frame = pl.DataFrame(
            {
                "minute": minutes,
                "readable_s": [round(min(60.0, one), 2) for one in seconds["catalogued"]],
                "lost_s": seconds["quarantined"],
            }
        )
        reason = pl.when(pl.col("lost_s") > 0).then(pl.lit("quarantined")).otherwise(pl.lit("gap"))
        frame = frame.with_columns(
            recorded_s=pl.min_horizontal(pl.col("readable_s") + pl.col("lost_s"), 60.0),
            reason=pl.when(pl.col("readable_s") < 60).then(reason),
        )
        for begin, end, why in self.marked:
            within = pl.col("minute").is_between(
                start + begin * HOUR, start + end * HOUR, closed="left"
            )
            lost = within & (pl.col("readable_s") > 0)
            frame = frame.with_columns(
                readable_s=pl.when(lost).then(0.0).otherwise("readable_s"),
                reason=pl.when(lost).then(pl.lit(why)).otherwise("reason"),
            )
        return frame


def of(day: dt.date = small_mall.DAY, time_zone: str = "Europe/London") -> CameraDay:
    """An empty camera-day; trading days begin at four, the mall is open from nine to six."""
    return CameraDay(small_mall.site(time_zone=time_zone).on(day))


def whole() -> CameraDay:
    """A file an hour, all day."""
    day = of()
    for hour in range(24):
        day.file(hour, hour + 1)
    return day


def ten_seconds() -> CameraDay:
    """8,640 files of ten seconds, of which one is missing now and then."""
    day = of()
    for number in range(8_640):
        if number % 1000 != 500 and not 3000 < number < 3200:
            day.file(number / 360, (number + 1) / 360)
    return day


def untidy() -> CameraDay:
    """Gaps, a broken hour, a repeated one, a file without an end."""
    day = of()
    for hour in (4, 5, 6, 9, 10, 12, 13):
        day.file(hour + 0.98, hour + 1.9)
    day.file(5.3, 7.6, status="repeated", reason="seen_elsewhere")
    day.broken(8, 9).broken(12.2)
    day.file(14.98, 15.4)
    return day


def nothing() -> CameraDay:
    """No file at all."""
    return of()


def broken() -> CameraDay:
    """Every file is set aside."""
    day = of()
    for hour in range(5, 14):
        day.broken(hour, hour + 1 if hour % 2 else None)
    return day


def clocks_back() -> CameraDay:
    """The night of 25 hours."""
    day = of(dt.date(2026, 10, 24))
    for hour in range(4, 25):
        day.file(hour, hour + 1)
    return day


def spoiled() -> CameraDay:
    """Dark until the lights go on, covered for a while, moved in the afternoon."""
    day = whole()
    day.spoiled(0, 4.5, "too_dark").spoiled(7, 7.25, "camera_covered")
    return day.spoiled(10 + 1 / 20, 24, "camera_moved")


SHAPES = {
    shape.__name__: shape
    for shape in (whole, ten_seconds, untidy, nothing, broken, clocks_back, spoiled)
}
