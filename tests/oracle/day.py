"""The stored rows of one trading day, and what of it each camera observed.

Belongs here: rows as plain objects, the state of cameras, observed seconds. Does not belong here:
figures of people (`tests.oracle.of_gates`, `of_zones`, `of_ways`, `of_cameras`).
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import polars as pl

from tests.oracle import clocks
from tests.oracle.clocks import Span
from vision.site.models import SiteDay

COVERAGE, CROSSINGS, STAYS, POSITIONS = (
    "coverage",
    "gate_events",
    "zone_visits",
    "anonymised_trajectories",
)
COUNTED = (CROSSINGS, STAYS, POSITIONS)

Row = dict[str, object]
Frames = Mapping[str, Mapping[str, pl.DataFrame]]
"""By dataset and camera; a camera that has not delivered is absent."""


class Crossing(NamedTuple):
    gate: str
    at: int
    direction: str
    basis: str


class Stay(NamedTuple):
    zone: str
    entered_at: int
    left_at: int
    dwell_s: int
    ends_seen: str


class Position(NamedTuple):
    trajectory: int
    at: int
    x_m: float
    y_m: float


@dataclass(frozen=True, eq=False)
class StoredDay:
    """One trading day as the lake holds it.

    Attributes:
        site_day: The site on the day.
        readable: Of each camera with coverage the readable seconds of each minute.
        crossings: By camera; absent where not delivered.
        stays: By camera, likewise.
        positions: By camera, likewise.
        failed: Cameras of which something failed its privacy check.
    """

    site_day: SiteDay
    readable: Mapping[str, Mapping[int, float]]
    crossings: Mapping[str, list[Crossing]]
    stays: Mapping[str, list[Stay]]
    positions: Mapping[str, list[Position]]
    failed: Collection[str] = ()
    _seen: dict[tuple[str, Span], float] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, site_day: SiteDay, frames: Frames, failed: Collection[str] = ()) -> "StoredDay":
        """The rows of the cameras of the day, by dataset and camera."""

        def rows(dataset: str) -> dict[str, list[dict]]:
            return {
                camera: list(frame.iter_rows(named=True))
                for camera, frame in frames.get(dataset, {}).items()
                if camera in site_day.cameras
            }

        def listed(dataset: str, kind) -> dict[str, list]:
            return {
                camera: [
                    kind(**{name: _plain(row[name]) for name in kind._fields}) for row in stored
                ]
                for camera, stored in rows(dataset).items()
            }

        minutes = {
            camera: {_plain(row["minute"]): row["readable_s"] for row in stored}
            for camera, stored in rows(COVERAGE).items()
        }
        return cls(
            site_day,
            minutes,
            listed(CROSSINGS, Crossing),
            listed(STAYS, Stay),
            listed(POSITIONS, Position),
            frozenset(failed),
        )

    @cached_property
    def quarters(self) -> tuple[Span, ...]:
        return clocks.quarters(self.site_day)

    @cached_property
    def hours(self) -> tuple[Span, ...]:
        return clocks.hours(self.site_day)

    @cached_property
    def counted_quarters(self) -> tuple[Span, ...]:
        """Those that figures of a day stand for: in trading hours, without any all of them."""
        return tuple(q for q in self.quarters if q.is_open) or self.quarters

    @cached_property
    def counted_hours(self) -> tuple[Span, ...]:
        """As `counted_quarters`."""
        return tuple(h for h in self.hours if h.is_open) or self.hours

    def state(self, camera: str) -> str:
        """Whether the camera delivered; if not, why not."""
        if camera in self.failed:
            return "privacy_failed"
        if camera not in self.readable:
            return "missing"
        if not any(self.readable[camera].values()):
            return "no_exports"
        if any(camera not in self._rows(dataset) for dataset in COUNTED):
            return "withheld"
        return "observed"

    def delivered(self, camera: str, dataset: str) -> bool:
        """Whether there is something to count."""
        if camera in self.failed or camera not in self.readable:
            return False
        followed = dataset != POSITIONS or self.site_day.cameras[camera].calibrated
        return followed and camera in self._rows(dataset)

    def seen_s(self, camera: str, dataset: str, spans: Span | Iterable[Span]) -> float:
        """Observed seconds of a part of the day, or of several."""
        if not self.delivered(camera, dataset):
            return 0.0
        if not isinstance(spans, Span):
            return sum(self.seen_s(camera, dataset, span) for span in spans)
        if (camera, spans) not in self._seen:
            minutes = range(spans.start, spans.end, clocks.MINUTE)
            seconds = (self.readable[camera].get(minute, 0.0) for minute in minutes)
            self._seen[camera, spans] = sum(seconds)
        return self._seen[camera, spans]

    def observed(self, camera: str, dataset: str, spans: Span | Iterable[Span]) -> Row:
        """For how much of its time a row stands."""
        parts = [spans] if isinstance(spans, Span) else list(spans)
        seen = self.seen_s(camera, dataset, parts)
        return {
            "observed_minutes": seen / 60,
            "observed_share": seen / sum(part.seconds for part in parts),
        }

    def why_not(self, camera: str, dataset: str) -> str | None:
        """Why a camera tells nothing of the day by a dataset."""
        if self._tells(camera, dataset):
            return None
        state = self.state(camera)
        unfollowed = dataset == POSITIONS and not self.site_day.cameras[camera].calibrated
        return "uncalibrated" if unfollowed and state == "observed" else state

    def _tells(self, camera: str, dataset: str) -> bool:
        return self.delivered(camera, dataset) and any(self.readable[camera].values())

    def of_day(self) -> Row:
        """The columns that every mart begins with, and the one that it ends with."""
        return {
            "trading_day": self.site_day.day,
            "site": self.site_day.site.id,
            "definition_version": 1,
        }

    def _rows(self, dataset: str) -> Mapping[str, list]:
        return {CROSSINGS: self.crossings, STAYS: self.stays, POSITIONS: self.positions}[dataset]


def at(name: str, span: Span) -> Row:
    """The columns that say of which part of the day a row is."""
    return {
        name: clocks.instant(span.start),
        "local_start": span.local,
        "in_trading_hours": span.is_open,
    }


def _plain(value):
    """An instant as epoch seconds; anything else as it is."""
    return int(value.timestamp()) if isinstance(value, dt.datetime) else value
