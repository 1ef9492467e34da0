"""Carrying objections out: what was seen goes from every stage, and from what is published.

Belongs here: when a batch is due, and its steps. Does not belong here: which rows go
(`vision.objections`), how rows and pages are stored, the job (`footfall_dagster.objections`).

Two things are told apart. What is exact loses the rows of those who were at the place in the
window, and is computed again without them. What is published is not: a figure that is one lower
than before would say where somebody was and when. So whole days are withdrawn, and what is left of
the published files follows from which days those are and from nothing else: not from places, hours
or people, nor from how many of each.

Each step can be done again, and none is undone by a run beside it. Days are withdrawn before
anything obeys, so that nothing is published between; from then on whatever is written obeys, so
nobody comes back; and in each camera-day trajectories go last, since by them the rest is found.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_ACCURACY_DAILY, GATE_AUDITS
from assets.reports import public
from assets.reports.before import WEEK
from footfall_dagster import warehouse
from footfall_dagster.lake import CameraDay, Lake, NotMaterialised
from footfall_dagster.locks import LockTimeoutError
from footfall_dagster.privacy import ledger, purge, wall
from footfall_dagster.privacy.objection_list import Waiting
from footfall_dagster.privacy.retention import due_at, processed_at
from footfall_dagster.report_store import report_stores
from footfall_dagster.settings import Settings
from footfall_dagster.warehouse import Warehouse
from footfall_dagster.withdrawn import telling_of
from vision.contract_terms import Contract
from vision.contracts import (
    ANONYMISED_TRAJECTORIES,
    DETECTIONS,
    GATE_EVENTS,
    TRACKS,
    ZONE_DEMOGRAPHICS_DAILY,
    ZONE_VISITS,
)
from vision.objections import SEEN, Objection, Rows, is_seen, without
from vision.site.models import Site

NOT_EDITED = (DETECTIONS, TRACKS, ZONE_DEMOGRAPHICS_DAILY)
"""Datasets that go as a whole: boxes belong to nobody yet, the figures cannot be made again from
what is left, and the first two live for hours in any case."""
_TRAJECTORIES_LAST = (GATE_EVENTS, ZONE_VISITS, ANONYMISED_TRAJECTORIES)
_DAY = dt.timedelta(days=1)
_BEFORE_THEY_GO = 2 * _DAY
"""So that a batch whose night failed has another one."""


class InUse(Exception):  # noqa: N818 - says what it is
    """A run in progress may have read what is to go; the next try carries the batch out."""


@dataclass(frozen=True, slots=True)
class Objecting:
    """The objections of one site, carried out on its lake, warehouse and pages."""

    settings: Settings
    site: Site

    @property
    def lake(self) -> Lake:
        """The lake of the site."""
        return Lake(self.settings.lake, self.site)

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse."""
        return warehouse.of(self.settings)

    def is_due(self, now: dt.datetime) -> bool:
        """Whether a batch is to be carried out: enough wait, one waits for long, one was begun.

        Nor does one wait until its day's trajectories are past their retention: without them no
        more than the place itself can be cleared.
        """
        known, asked = self.lake.objection_list.read(), self.site.file.privacy.objections
        today = now.astimezone(self.site.zone_info).date()
        return (
            bool(known.begun)
            or len(known.waiting) >= asked.batch
            or any(_waited(one, today) >= asked.longest_wait_days for one in known.waiting)
            or any(self._is_urgent(one.objection.day, now) for one in known.waiting)
        )

    def carry_out(self, now: dt.datetime, held: purge.Held = purge.nobody) -> Iterator[str]:
        """Carry out all that wait, as one batch; yield lines for a person.

        Raises:
            InUse: A run of one of the days is in progress.
            ObjectionsUnreadable: The list is not as we wrote it.
            Refused: A partition of the days is not as the wall let it pass.
            LockTimeoutError: Somebody else is at work on a partition, a file or the ledger.

        Where one camera-day cannot be cleared the others are, and the batch stays begun.
        """
        lake, site, stored = self.lake, self.site.id, self.warehouse
        with purge.only_purge(lake):
            batch = lake.objection_list.begin(
                lambda begun: stored.withdrawn.add(site, self._of(begun))
            )
            if not batch:
                yield "no objection waits"
                return
            withdrawn = self._of(batch)
            stored.withdraw(site, withdrawn, lambda _line: None)
            self._withdraw_pages()
            camera_days = self._camera_days(sorted({one.day for one in batch}))
            if any(map(held, camera_days)):
                raise InUse(
                    "a run of a day to which somebody objected is in progress and may have read "
                    "what is to go; the batch is carried out by the next try, when it has ended"
                )
            self._clear_all(camera_days, batch, now)
            to_make = self._clear_exact({one.day for one in batch}, withdrawn)
            lake.objection_list.finish(batch, dict.fromkeys(to_make, ledger.stamp(now)))
        # Days and no more: the log outlives the moment, and is read by whoever runs the place.
        yield f"a batch of {len(batch)} was carried out"
        yield f"nothing is published any more of {', '.join(map(str, sorted(withdrawn)))}"

    def _of(self, batch: Iterable[Objection]) -> set[dt.date]:
        """Days that a batch withdraws."""
        return withdrawn_days(self.site, {one.day for one in batch})

    def seen_again(self) -> Iterator[tuple[Contract, CameraDay]]:
        """Partitions that were made again of camera-days to which somebody objected.

        Such are detections and tracks, which are not edited; they go once their run has ended.
        """
        lake = self.lake
        # Also those of a batch that was begun and broke off: whatever writes obeys them already.
        obeyed = lake.objection_list.read().obeyed
        for camera_day in self._camera_days(sorted({one.day for one in obeyed})):
            if self._is_meant(camera_day, obeyed):
                for contract in NOT_EDITED:
                    if (lake.folder(contract.name, camera_day) / wall.PART).exists():
                        yield contract, camera_day

    def forget_seen_again(
        self, now: dt.datetime, held: purge.Held
    ) -> Iterator[ledger.PurgeReceipt]:
        """Delete what `seen_again` tells of, unless a run may need it.

        Where rows came back into what is edited, the objections are begun again, so the job carries
        them out with all that follows from it.
        """
        for contract, camera_day in list(self.seen_again()):
            if not held(camera_day):
                gone = purge.forget_at_once(self.lake, contract, camera_day, self._rule, now)
                if gone is not None:
                    yield gone
        listed = self.lake.objection_list
        listed.begin_again(
            objection
            for objection in listed.read().standing
            if any(self.still_there(objection, rows) for rows in self.stored_at(objection).items())
        )

    def stored_at(self, objection: Objection) -> dict[CameraDay, Rows]:
        """What is stored, by dataset, of each camera-day that an objection is about."""
        return {
            camera_day: self._stored(camera_day)[0]
            for camera_day in self._camera_days([objection.day])
            if self._is_meant(camera_day, [objection])
        }

    def still_there(self, objection: Objection, of: tuple[CameraDay, Rows]) -> list[Contract]:
        """Datasets of a camera-day that have rows of somebody at the place in the window."""
        camera_day, rows = of
        left = without(rows, [objection], self.site.on(objection.day), camera_day.camera)
        return [
            contract
            for contract in SEEN
            if len(left.get(contract.name, ())) < len(rows.get(contract.name, ()))
        ]

    def forget_past(self, now: dt.datetime) -> int:
        """Forget objections to days of which nothing can come back; return how many."""
        return self.lake.objection_list.forget(
            lambda day: kept_until(self.site, day, standing=True) <= now and not self.is_stored(day)
        )

    def is_stored(self, day: dt.date) -> bool:
        """Whether anything is stored of a day that an objection takes rows from."""
        return any(
            (self.lake.folder(contract.name, camera_day) / wall.PART).exists()
            for camera_day in self._camera_days([day])
            for contract in (*SEEN, *NOT_EDITED)
        )

    @property
    def _rule(self) -> str:
        return f"{ledger.OBJECTIONS}.batch={self.site.file.privacy.objections.batch}"

    def _camera_days(self, days: Iterable[dt.date]) -> list[CameraDay]:
        return [CameraDay(day, name) for day in days for name in sorted(self.site.on(day).cameras)]

    def _is_meant(self, camera_day: CameraDay, objections: Iterable[Objection]) -> bool:
        site_day = self.site.on(camera_day.day)
        return any(is_seen(one, site_day, camera_day.camera) for one in objections)

    def _is_urgent(self, day: dt.date, now: dt.datetime) -> bool:
        """Whether the day's trajectories are still there and will not be for long."""
        rule = self.site.file.privacy.retention.rule(ANONYMISED_TRAJECTORIES.kept)
        for camera_day in self._camera_days([day]):
            part = self.lake.folder(ANONYMISED_TRAJECTORIES.name, camera_day) / wall.PART
            if part.exists():
                written = dt.datetime.fromtimestamp(part.stat().st_mtime, dt.UTC)
                if due_at(self.site, rule, day, written) <= now + _BEFORE_THEY_GO:
                    return True
        return False

    def _clear_all(
        self, camera_days: Iterable[CameraDay], batch: Collection[Objection], now: dt.datetime
    ) -> None:
        failures = list[wall.Refused | LockTimeoutError]()
        for camera_day in camera_days:
            try:
                self._clear(camera_day, batch, now)
            except (wall.Refused, LockTimeoutError) as why:
                failures.append(why)
        if failures:
            raise failures[0]

    def _clear(
        self, camera_day: CameraDay, objections: Collection[Objection], now: dt.datetime
    ) -> None:
        """Take rows out of a camera-day, where the camera sees a place."""
        if not self._is_meant(camera_day, objections):
            return
        lake = self.lake
        for contract in NOT_EDITED:
            purge.forget_at_once(lake, contract, camera_day, self._rule, now)
        rows, sources = self._stored(camera_day)
        site_day = self.site.on(camera_day.day)
        left = without(rows, objections, site_day, camera_day.camera)
        for contract in _TRAJECTORIES_LAST:
            name = contract.name
            if name in rows and not left[name].equals(rows[name]):
                lake.write(contract, camera_day, left[name], sources[name])

    def _stored(self, camera_day: CameraDay) -> tuple[dict[str, pl.DataFrame], dict[str, str]]:
        """What is stored of a camera-day that objections take rows from, and its sources."""
        rows, sources = {}, {}
        for contract in SEEN:
            try:
                rows[contract.name], receipt = self.lake.read_with_receipt(contract, camera_day)
            except NotMaterialised:
                continue
            sources[contract.name] = receipt.source
        return rows, sources

    def _clear_exact(
        self, days: Collection[dt.date], withdrawn: Collection[dt.date]
    ) -> set[dt.date]:
        """Take out exact figures in which the objectors are counted, and the pages that show them.

        Returns:
            Days of which marts and report are to be made again. Those that are published are the
            same whichever of the withdrawn days somebody objected to.
        """
        site, stored = self.site.id, self.warehouse
        made = set(stored.days(site))
        gone, of_withdrawn = self._telling(days), self._telling(withdrawn)
        stored.forget_exact(site, gone, lambda _line: None)
        pages = report_stores(self.settings, site)
        for day in days:
            pages[ledger.DATA_DOCS].delete(day)
            for shown in (day, day + WEEK):
                pages[ledger.REPORTS].delete(shown)
            monday = day - day.weekday() * _DAY
            for week in (monday, monday + WEEK):
                pages[ledger.WEEKLY_REPORTS].delete(week)
        published_still = set().union(*of_withdrawn.values()) - set(withdrawn)
        again = set().union(*gone.values()) | published_still
        return {day for day in days if self.is_stored(day)} | again & made

    def _telling(self, days: Collection[dt.date]) -> dict[str, set[dt.date]]:
        """By mart, days whose exact rows tell of one of `days`, themselves among them."""
        site, stored = self.site.id, self.warehouse
        audits = stored.read_days([GATE_AUDITS], site, days)[GATE_AUDITS.name]
        # The file of the site knows them too where a try before this one took the rows away.
        counted_by_eye = [
            day for day in days if self.site.on(day).audits or day in audits["trading_day"]
        ]
        return {
            name: telling_of(mart, counted_by_eye if mart is GATE_ACCURACY_DAILY else days)
            | set(days)
            for name, mart in MARTS.items()
        }

    def _withdraw_pages(self) -> None:
        """Delete public pages of days that are withdrawn, and draw anew those that tell of one."""
        site, stored = self.site.id, self.warehouse
        store = report_stores(self.settings, site)[ledger.PUBLIC_REPORTS]
        withdrawn = stored.withdrawn.days(site)
        for day in store.days():
            if day in withdrawn:
                store.delete(day)
            elif day - WEEK in withdrawn or any(
                stored.withdrawn.hides(site, mart, day) for mart in MARTS.values()
            ):
                public.draw(self.site.on(day), stored, store)


def kept_until(site: Site, day: dt.date, *, standing: bool = False) -> dt.datetime:
    """Until when rows of a trading day may be there that an objection takes away, UTC.

    With `standing`, until when they may come back from recordings: for as long as figures are kept
    where recordings are not ours to delete.
    """
    retention = site.file.privacy.retention
    rules = [retention.rule(contract.kept) for contract in (*SEEN, *NOT_EDITED)]
    if standing and retention.recordings_rule is None:
        rules.append(retention.rule("marts_years"))
    return max(rule.after(processed_at(site, day)) for rule in rules)


def withdrawn_days(site: Site, days: Iterable[dt.date]) -> set[dt.date]:
    """Days of which nothing is published any more where somebody objected to `days`."""
    if site.file.privacy.objections.withdraw == "day":
        return set(days)
    mondays = {day - day.weekday() * _DAY for day in days}
    return {monday + number * _DAY for monday in mondays for number in range(7)}


def _waited(one: Waiting, today: dt.date) -> int:
    return (today - one.since).days
