"""The privacy search and the privacy report: what was checked on a day, what came of it.

Belongs here: the two assets, and putting a record into its page (`privacy_report.html.j2`). Does
not belong here: any check, the chain of records (`footfall_dagster.privacy`), what an entry of a
record says (`assets.privacy_record`).

Both depend on the marts and the day's report in name only: they look at what lies there, however
it got there, and they run in a job of their own so that a failed mart keeps nobody from looking.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg

from assets.camera_day import FRESHNESS, OWNERS
from assets.inspection import Inspector, Record, Records
from assets.marts.contracts import MARTS
from assets.plan import FOOTFALL, SitePlan
from assets.privacy_record import PASSED, SEARCH, Entry, Summary, entry, not_carried_out
from assets.release_entry import release_entry
from assets.reports import day, public
from assets.templates import templates
from assets.traits import wanted
from vision.site.models import SiteDay
from vision.site.privacy import Privacy

SEARCHED, NAME = "privacy_search", "privacy_report"
NON_INTERFERENCE = "non_interference"
_RECORD, _HEAD = "record", "head"
_OVERDUE = dt.timedelta(hours=36)
"""A search that is older than this tells nothing of the day's last run."""


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The search and the report of a site."""

    @dg.asset(
        key=plan.key(SEARCHED),
        description="Looks through every file right of the wall for pictures, pixels and vectors, "
        "knowing no contract: lake, warehouse, reports, records, vault, DAGSTER_HOME.",
        kinds={"python"},
        deps=[*(plan.key(name) for name in MARTS), plan.key(day.NAME), plan.key(public.NAME)],
        group_name=FOOTFALL,
        owners=OWNERS,
        freshness_policy=FRESHNESS,
        partitions_def=plan.days,
    )
    def privacy_search(
        context: dg.AssetExecutionContext,
        inspector: dg.ResourceParam[Inspector],
        privacy_records: dg.ResourceParam[Records],
    ) -> dg.MaterializeResult[None]:
        found = entry(inspector.search(Path(context.instance.root_directory)), _now())
        # Whatever people are told: to look for what must not be there is never out of place.
        privacy_records.keep_search(dt.date.fromisoformat(context.partition_key), found)
        return dg.MaterializeResult(
            metadata={
                **{name: found[name] for name in ("files", "bytes", "seconds", "result")},
                "findings": len(found["findings"]),
                "unread": len(found["unread"]),
            }
        )

    @dg.asset(
        key=plan.key(NAME),
        description="Every check of the privacy wall: what it looked at, when, and how it ended. "
        "A page and a record, which holds the hash of the record before it.",
        kinds={"html", "json"},
        deps=[plan.key(SEARCHED)],
        group_name=FOOTFALL,
        owners=OWNERS,
        freshness_policy=FRESHNESS,
        partitions_def=plan.days,
    )
    def privacy_report(
        context: dg.AssetExecutionContext,
        inspector: dg.ResourceParam[Inspector],
        privacy_records: dg.ResourceParam[Records],
    ) -> dg.MaterializeResult[None]:
        site_day = plan.day(context)
        entries = [_search_of(privacy_records, site_day.day)]
        told_before = noted(context.instance, plan, most=1)
        instance = Path(context.instance.root_directory)
        for evidence in inspector.checks(site_day.day, instance, told_before):
            entries.append(entry(evidence, _now()))
        if released := release_entry(context.instance, plan, site_day.day):
            entries.append(released)
        if proof := proof_of(plan.site.file.privacy, privacy_records):
            entries.append(proof)
        told = {"written_at": _now(), "version": version("footfall-dagster"), "checks": entries}
        record = privacy_records.append(site_day.day, told)
        page = render(site_day, record, privacy_records.of_day(site_day.day))
        shown = privacy_records.write_page(site_day.day, page)
        summary = Summary.of(entries)
        return dg.MaterializeResult(
            metadata={
                "page": dg.MetadataValue.path(shown),
                _RECORD: record.number,
                _HEAD: record.seal,
                "checks": summary.checks,
                "checks_failed": summary.failed,
                "findings": summary.findings,
                "unread": summary.unread,
                "bytes": summary.bytes,
            }
        )

    return [privacy_search, privacy_report]


def noted(
    instance: dg.DagsterInstance, plan: SitePlan, most: int = 10_000
) -> list[tuple[int, str]]:
    """Numbers and seals of the last `most` records, as Dagster's event log noted them."""
    events = instance.fetch_materializations(plan.key(NAME), limit=most).records
    metadata = [
        event.asset_materialization.metadata for event in events if event.asset_materialization
    ]
    return [
        (int(str(one[_RECORD].value)), str(one[_HEAD].value))
        for one in metadata
        if _RECORD in one and _HEAD in one
    ]


def proof_of(privacy: Privacy, records: Records) -> Entry | None:
    """The last proof of non-interference; None where there is none, or where none is claimed.

    A site that has begun to look at people since its last proof makes figures that follow from
    their looks by design, and the proof tells nothing of these.
    """
    return None if wanted(privacy) else records.last_proof()


def _search_of(records: Records, day: dt.date) -> Entry:
    found = records.search_of(day)
    if found is None:
        return not_carried_out(SEARCH, "no search of this day is there; materialise it", _now())
    at = dt.datetime.fromisoformat(found["at"])
    if _now() - at > _OVERDUE:
        return not_carried_out(SEARCH, f"the last search of this day is of {at:%Y-%m-%d}", _now())
    return found


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def render(site_day: SiteDay, record: Record, of_day: Sequence[Record]) -> str:
    """Make the page of a record.

    Args:
        site_day: The site on the day.
        record: What the page tells.
        of_day: All records of the day, oldest first.

    Returns:
        HTML without script, style sheet or picture; the same for the same records.
    """
    environment = templates("assets")
    zone = site_day.site.zone_info
    environment.filters |= {
        "clock": lambda text: _clock(text, record.content["written_at"], zone),
        "moment": lambda text: (
            dt.datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M")
        ),
        "size": _size,
        "count": lambda number: f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}"),
        "words": lambda name: name.replace("_", " "),
    }
    entries = record.content["checks"]
    return environment.get_template("privacy_report.html.j2").render(
        site=site_day.site.file,
        day=site_day.day,
        record=record,
        looked_at=wanted(site_day.site.file.privacy),
        proved=any(one["check"] == NON_INTERFERENCE for one in entries),
        summary=Summary.of(entries),
        failed=[one for one in entries if one["result"] != PASSED],
        groups=_groups(entries),
        earlier=[
            (one, Summary.of(one.content["checks"])) for one in of_day if one.number < record.number
        ],
    )


def _clock(text: str, written: str, zone: dt.tzinfo) -> str:
    """The time of day; the date where it is another one than that of the record."""
    at, day = (dt.datetime.fromisoformat(one).astimezone(zone) for one in (text, written))
    return f"{at:%H:%M:%S}" if at.date() == day.date() else f"{at:%Y-%m-%d %H:%M}"


def _groups(entries: Iterable[Entry]) -> list[Mapping[str, Any]]:
    """Checks of the same name together, in the order in which they were carried out."""
    named: dict[str, list[Entry]] = {}
    for one in entries:
        named.setdefault(one["check"], []).append(one)
    return [
        {"name": name, "entries": listed, "summary": Summary.of(listed)}
        for name, listed in named.items()
    ]


def _size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    amount, unit = size / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}"
