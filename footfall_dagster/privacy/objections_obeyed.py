"""The check `objections`: nothing is left, or came back, of what somebody objected to.

Belongs here: looking for rows at the places in the windows, and for figures of days that were
withdrawn. Does not belong here: taking anything out (`objecting`).

Each objection that stands is looked at by itself, in what is stored now, however it got there.
"""

import datetime as dt
import time
from collections.abc import Iterator

from assets.marts.contracts import MARTS
from assets.marts.release import published
from footfall_dagster.lake import CameraDay
from footfall_dagster.privacy import ledger, wall
from footfall_dagster.privacy.findings import Evidence, Finding
from footfall_dagster.privacy.objecting import Objecting
from footfall_dagster.report_store import report_stores
from footfall_dagster.withdrawn import telling_of
from vision.contract_terms import Contract

_GRACE = dt.timedelta(days=1)
"""For the purge, which leaves detections and tracks alone while a run may need them, and for the
job that carries a batch out."""


def obeyed(objecting: Objecting, now: dt.datetime) -> Evidence:
    """Look for what should be gone, at every place in its window."""
    began = time.monotonic()
    known, site = objecting.lake.objection_list.read(), objecting.site
    found, files, rows = list[Finding](), 0, 0
    for objection in known.obeyed:
        for camera_day, stored in objecting.stored_at(objection).items():
            files, rows = files + len(stored), rows + sum(map(len, stored.values()))
            found += [
                Finding(
                    _shown(contract, camera_day),
                    "rows at a place in a window",
                    "somebody objected",
                    1.0,
                )
                for contract in objecting.still_there(objection, (camera_day, stored))
            ]
    found += [
        Finding(_shown(contract, camera_day), "the partition", "made again and not deleted", 1.0)
        for contract, camera_day in objecting.seen_again()
        if _written(objecting, contract, camera_day) + _GRACE <= now
    ]
    found += _published(objecting)
    found += [
        Finding("lake/_objections", "the list", "an objection waits for too long", 1.0)
        for one in known.waiting
        if one.since + dt.timedelta(days=site.file.privacy.objections.longest_wait_days) + _GRACE
        < now.astimezone(site.zone_info).date()
    ]
    withdrawn = len(objecting.warehouse.withdrawn.days(site.id))
    return Evidence(
        check="objections",
        scope=f"{len(known.obeyed)} places and windows to which somebody objected, and "
        f"{withdrawn} days of which nothing is published any more",
        files=files,
        bytes=0,
        rows=rows,
        seconds=time.monotonic() - began,
        findings=tuple(found),
    )


def _published(objecting: Objecting) -> Iterator[Finding]:
    """Rows and pages that tell of days that were withdrawn."""
    stored, site = objecting.warehouse, objecting.site.id
    days = stored.withdrawn.days(site)
    # Marts that tell of the same days are read together, since each reading hashes the file.
    for same_days in {mart.earlier_days: mart for mart in MARTS.values()}.values():
        marts = [one for one in MARTS.values() if one.earlier_days == same_days.earlier_days]
        found = stored.read_published_days(
            list(map(published, marts)), site, telling_of(same_days, days)
        )
        for name in (name for name, rows in found.items() if len(rows)):
            yield Finding("warehouse/published.duckdb", f"table {name}", "withdrawn", 1.0)
    pages = report_stores(objecting.settings, site)[ledger.PUBLIC_REPORTS].days()
    for day in sorted(days.intersection(pages)):
        yield Finding(f"public_reports/{day}.html", "the page", "withdrawn", 1.0)


def _written(objecting: Objecting, contract: Contract, camera_day: CameraDay) -> dt.datetime:
    part = objecting.lake.folder(contract.name, camera_day) / wall.PART
    return dt.datetime.fromtimestamp(part.stat().st_mtime, dt.UTC)


def _shown(contract: Contract, camera_day: CameraDay) -> str:
    return f"lake/{contract.name}/date={camera_day.day}/camera={camera_day.camera}"
