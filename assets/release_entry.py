"""How what was released of a day stands up to who works figures out, for the privacy record.

Belongs here: reading what each release noted of itself in Dagster's event log, and judging it. Does
not belong here: what it notes (`assets.marts.release`), the record (`assets.privacy_record`).
"""

import datetime as dt

import dagster as dg

from assets.marts.contracts import MARTS
from assets.marts.release import (
    CHANGED,
    CHANGED_BY_FEW,
    FEW,
    MORE,
    NOTED,
    OPEN_AFTER,
    OPEN_BEFORE,
)
from assets.plan import SitePlan
from assets.privacy_record import Entry, noted

RELEASE = "release"
_MOST = 1000

Note = dict[str, int]
"""What a release noted of itself, by name."""


def release_entry(instance: dg.DagsterInstance, plan: SitePlan, day: dt.date) -> Entry | None:
    """What can be worked out of what was released of a day; None where nothing was.

    By the equations between figures of the last release, and by what it and the releases before it
    tell differently.
    """
    notes = [note for mart in MARTS for note in _notes(instance, plan, mart, day)]
    if not notes:
        return None
    at, last = max(notes, key=lambda one: one[0])
    changed, by_few = (sum(note[name] for _, note in notes) for name in (CHANGED, CHANGED_BY_FEW))
    few = f"fewer than {plan.site.file.privacy.k} people"
    what = (
        f"{last[FEW]} figures of {few} are blanked and {last[MORE]} others with them; without "
        f"these {last[OPEN_BEFORE]} could be worked out or narrowed down, as it is "
        f"{last[OPEN_AFTER]}; releases of the day tell {changed} figures differently, {by_few} by "
        f"{few}"
    )
    when = dt.datetime.fromtimestamp(at, dt.UTC)
    return noted(RELEASE, what, when, passed=not last[OPEN_AFTER] and not by_few)


def _notes(
    instance: dg.DagsterInstance, plan: SitePlan, mart: str, day: dt.date
) -> list[tuple[float, Note]]:
    """When each release of a mart's day was made, seconds since the epoch, and what it noted."""
    asked = dg.AssetRecordsFilter(
        asset_key=plan.key(f"published_{mart}"), asset_partitions=[day.isoformat()]
    )
    found = []
    for record in instance.fetch_materializations(asked, limit=_MOST).records:
        if (made := record.asset_materialization) is None:
            continue
        note = {name: made.metadata[name].value for name in NOTED if name in made.metadata}
        if len(note) == len(NOTED):
            found.append((record.timestamp, {name: int(str(said)) for name, said in note.items()}))
    return found
