"""How long each dataset of a site is kept.

Belongs here: the fields below `privacy.retention` of site.yaml, and what they mean in time. Does
not belong here: which dataset follows which field (`vision.contracts`), or deleting anything.
"""

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from vision.site.entry import Entry

Unit = Literal["hours", "days", "months", "years"]
_UNITS: tuple[Unit, ...] = ("hours", "days", "months", "years")
_MONTHS: dict[Unit, int] = {"months": 1, "years": 12}

Hours = Annotated[int, Field(ge=1, le=24 * 7)]
Days = Annotated[int, Field(ge=1, le=31)]
Months = Annotated[int, Field(ge=1, le=60)]
Years = Annotated[int, Field(ge=1, le=30)]


@dataclass(frozen=True, slots=True)
class Rule:
    """One field of the retention: how many of which unit."""

    field: str
    number: int
    unit: Unit

    def __str__(self) -> str:
        """As a person says it: `7 days`."""
        return f"{self.number} {self.unit if self.number > 1 else self.unit.removesuffix('s')}"

    @property
    def name(self) -> str:
        """As a receipt says it: the field and its number."""
        return f"{self.field}={self.number}"

    def after(self, moment: dt.datetime) -> dt.datetime:
        """The moment at which what began at `moment` is past its retention."""
        return self._shifted(moment, 1)

    def before(self, now: dt.datetime) -> dt.datetime:
        """What began before the returned moment is past its retention at `now`."""
        return self._shifted(now, -1)

    def _shifted(self, moment: dt.datetime, sign: int) -> dt.datetime:
        if self.unit not in _MONTHS:
            hours = self.number * (24 if self.unit == "days" else 1)
            return moment + sign * dt.timedelta(hours=hours)
        months = moment.year * 12 + moment.month - 1 + sign * self.number * _MONTHS[self.unit]
        year, month = divmod(months, 12)
        # The last day of a month has no counterpart in a shorter one.
        last = calendar.monthrange(year, month + 1)[1]
        return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


class Recordings(Entry):
    """Raw exports, where the site lets them be deleted once they have been worked through."""

    delete_after_hours: Annotated[int, Field(ge=1, le=24 * 31)] = 72


class Retention(Entry):
    """How long each dataset is kept, counted from the end of its trading day's processing.

    Without `recordings`, the files of the recorders are only read and never touched. The last two
    are Dagster's: what runs printed and logged, and runs that failed or were cancelled and made
    nothing. Runs that made something are the record of what was made from what, and go with the
    marts.
    """

    recordings: Recordings | None = None
    detections_hours: Hours = 24
    tracks_hours: Hours = 24
    trajectories_days: Days = 7
    gate_events_months: Months = 12
    zone_visits_months: Months = 12
    zone_demographics_months: Months = 12
    ingest_years: Years = 10
    marts_years: Years = 10
    run_output_days: Annotated[int, Field(ge=1, le=366)] = 30
    failed_runs_days: Annotated[int, Field(ge=1, le=366)] = 90

    def rule(self, field: str) -> Rule:
        """The rule of one field, whose name ends in its unit."""
        number: int = getattr(self, field)
        return Rule(field, number, next(unit for unit in _UNITS if field.endswith(f"_{unit}")))

    @property
    def recordings_rule(self) -> Rule | None:
        """The rule of raw exports; None where they are not ours to delete."""
        if self.recordings is None:
            return None
        return Rule("recordings.delete_after_hours", self.recordings.delete_after_hours, "hours")
