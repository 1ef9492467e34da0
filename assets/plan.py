"""Names and partitions that every asset of a site shares.

Belongs here: asset keys, groups, owners and partition definitions derived from the site file. Does
not belong here: any asset.
"""

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import dagster as dg

from vision.site.models import Camera, Site, SiteDay

MOST_PARTITIONS = 100_000
"""Of one asset; beyond it Dagster's pages and queues become slow."""
INGEST, TRACKING, ANONYMOUS, FOOTFALL = "ingest", "tracking", "anonymous", "footfall"
"""Asset groups, in the order of the flow."""


class Notice(Protocol):
    """The public notice of a site, as runs see it."""

    def absence(self) -> str | None:
        """That there is none, and what to do; None where there is one."""
        ...

    def trouble(self) -> str | None:
        """Why no run may go on under it, and what to do; None where it says what is done."""
        ...


@dataclass(frozen=True)
class SitePlan:
    """A site, as its assets see it: keys below the site's id, days x cameras.

    Attributes:
        site: The site.
        notice: That every run is held against; None where a graph is only looked at.
        today: From which `recomputed_days` of the site file count back.
    """

    site: Site
    notice: Notice | None = None
    today: dt.date = field(default_factory=lambda: dt.datetime.now(dt.UTC).date())

    def key(self, name: str) -> dg.AssetKey:
        """The key of the asset `name` of this site."""
        return dg.AssetKey([self.site.id, name])

    @property
    def pool(self) -> str:
        """Dagster pool of every step that writes the site's warehouse.

        It orders the queue; the truth about who writes is the warehouse's own lock.
        """
        return f"{self.site.id}_warehouse"

    @cached_property
    def first_day(self) -> dt.date:
        """The first day that can be made again: the day of opening, unless days roll.

        They roll by whole months, so that processes which load the site on different days agree,
        but for those on either side of a month's end. A site that has closed rolls no further.
        """
        file = self.site.file
        if file.recomputed_days is None:
            return file.opens
        until = min(self.today, file.closes) if file.closes else self.today
        back = until - dt.timedelta(days=file.recomputed_days)
        return max(file.opens, back.replace(day=1))

    @property
    def partitions(self) -> int:
        """How many camera-days an asset of the site has."""
        until = min(self.today, self.site.file.closes or self.today)
        return len(self.site.camera_ids) * max(0, (until - self.first_day).days + 1)

    @cached_property
    def days(self) -> dg.DailyPartitionsDefinition:
        """Trading days, from `first_day` to `closes`, each ending at `trading_day_start`."""
        file = self.site.file
        start = file.trading_day_start
        # Half a day after the last trading day has ended: Dagster leaves out a day that has not
        # ended by then, and is an hour off itself where clocks change.
        end = self.site.day_window(file.closes)[1] + dt.timedelta(hours=12) if file.closes else None
        return dg.DailyPartitionsDefinition(
            start_date=self.first_day.isoformat(),
            end_date=end,
            timezone=file.time_zone,
            hour_offset=start.hour,
            minute_offset=start.minute,
        )

    @cached_property
    def weeks(self) -> dg.WeeklyPartitionsDefinition:
        """Weeks of trading days, from Monday; the first and the last may have fewer than seven."""
        file = self.site.file
        start = file.trading_day_start
        first = self.first_day - dt.timedelta(days=self.first_day.weekday())
        end = None
        if file.closes:
            sunday = file.closes + dt.timedelta(days=6 - file.closes.weekday())
            # As for days.
            end = self.site.day_window(sunday)[1] + dt.timedelta(hours=12)
        return dg.WeeklyPartitionsDefinition(
            start_date=first.isoformat(),
            end_date=end,
            timezone=file.time_zone,
            day_offset=1,
            hour_offset=start.hour,
            minute_offset=start.minute,
        )

    @cached_property
    def cameras(self) -> dg.DynamicPartitionsDefinition:
        """Cameras of the site file; `footfall_dagster.sensors` keeps the instance's list equal."""
        return dg.DynamicPartitionsDefinition(name=f"{self.site.id}_cameras")

    @cached_property
    def camera_days(self) -> dg.MultiPartitionsDefinition:
        """One partition per trading day and camera; keys read `cam_entrance|2026-03-14`."""
        return dg.MultiPartitionsDefinition({"date": self.days, "camera": self.cameras})

    def day(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> SiteDay:
        """The site as it stands on the day of the partition that runs.

        Raises:
            dg.Failure: The public notice does not say what is configured.
        """
        self.heed_notice()
        return self.site.on(dt.date.fromisoformat(day_key(context.partition_key)))

    def heed_notice(self) -> None:
        """Let no step begin of which people are not told.

        Raises:
            dg.Failure: The public notice does not say what is configured; says which fields, and
                how to renew it.
        """
        if self.notice is not None and (trouble := self.notice.trouble()):
            # Trying again would find the same.
            raise dg.Failure(description=trouble, allow_retries=False)


def day_key(partition_key: str) -> str:
    """The date of a day partition or of a camera-day partition."""
    if isinstance(partition_key, dg.MultiPartitionKey):
        return partition_key.keys_by_dimension["date"]
    return partition_key


def camera_key(partition_key: str) -> str:
    """The camera of a camera-day partition."""
    if not isinstance(partition_key, dg.MultiPartitionKey):
        raise TypeError(f"{partition_key!r} is not a camera-day partition")
    return partition_key.keys_by_dimension["camera"]


def camera_of(site_day: SiteDay, partition_key: str) -> Camera:
    """The camera of a camera-day partition, as it stands on that day.

    Raises:
        dg.Failure: The site file does not know the camera on that day.
    """
    camera = camera_key(partition_key)
    if camera not in site_day.cameras:
        raise dg.Failure(
            description=(
                f"{camera} is no camera of {site_day.site.id} on {site_day.day}; known are "
                f"{', '.join(sorted(site_day.cameras)) or 'none'}. Add it to cameras.yaml with a "
                "valid_from on or before that day, or delete the partition"
            ),
            allow_retries=False,
        )
    return site_day.cameras[camera]
