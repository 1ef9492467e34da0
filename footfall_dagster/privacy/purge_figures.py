"""Deleting marts, report pages and Data Docs past their years.

Belongs here: which site-days go, and their receipts. Does not belong here: how the warehouse is
rebuilt without them (`footfall_dagster.warehouse`), camera-days (`purge`).
"""

import datetime as dt
import hashlib

from assets.marts.contracts import MARTS
from assets.marts.release import published
from footfall_dagster.lake import Lake
from footfall_dagster.privacy import wall
from footfall_dagster.privacy.ledger import MARTS as MARTS_DATASET
from footfall_dagster.privacy.ledger import PurgeReceipt, stamp
from footfall_dagster.privacy.retention import processed_at
from footfall_dagster.report_store import FolderReportStore
from footfall_dagster.warehouse import Warehouse
from vision.site.models import Site
from vision.site.retention import Rule

RULE = "marts_years"


def due_days(site: Site, days: list[dt.date], now: dt.datetime) -> list[dt.date]:
    """Those of `days` whose figures are past their retention.

    When a day's rows were written is not known, so a day that is computed so late goes at once.
    """
    rule = _rule(site)
    return [day for day in days if rule.after(processed_at(site, day)) <= now]


def forget_marts(lake: Lake, warehouse: Warehouse, now: dt.datetime) -> list[PurgeReceipt]:
    """Rebuild the warehouse without the days that are past their retention."""
    site = lake.site
    due = due_days(site, warehouse.days(site.id), now)
    receipts = [_receipt_of_marts(site, warehouse, day, now) for day in due]
    if due:
        with lake.ledger.of(*receipts):
            warehouse.forget(site.id, due, lambda _line: None)
    return receipts


def forget_pages(
    lake: Lake, pages: FolderReportStore, dataset: str, now: dt.datetime
) -> list[PurgeReceipt]:
    """Delete the pages of days that are past their retention; `dataset` is what receipts say."""
    receipts = []
    for day in due_days(lake.site, pages.days(), now):
        content = pages.page(day).read_bytes()
        receipt = PurgeReceipt(
            dataset=dataset,
            partition=day.isoformat(),
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
            rows=1,
            purged_at=stamp(now),
            rule=_rule(lake.site).name,
        )
        with lake.ledger.of(receipt):
            pages.delete(day)
        receipts.append(receipt)
    return receipts


def _receipt_of_marts(
    site: Site, warehouse: Warehouse, day: dt.date, now: dt.datetime
) -> PurgeReceipt:
    exact, released = list(MARTS.values()), [published(mart) for mart in MARTS.values()]
    frames = [
        *warehouse.read_days(exact, site.id, [day]).values(),
        *warehouse.read_published_days(released, site.id, [day]).values(),
    ]
    contents = [wall.encode(frame) for frame in frames]
    digests = "\n".join(hashlib.sha256(content).hexdigest() for content in contents)
    return PurgeReceipt(
        dataset=MARTS_DATASET,
        partition=day.isoformat(),
        sha256=hashlib.sha256(digests.encode()).hexdigest(),
        bytes=sum(map(len, contents)),
        rows=sum(frame.height for frame in frames),
        purged_at=stamp(now),
        rule=_rule(site).name,
    )


def _rule(site: Site) -> Rule:
    return site.file.privacy.retention.rule(RULE)
