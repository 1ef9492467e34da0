"""The record of what a simulation was asked to make, and of what it made.

Belongs here: reading and writing manifests. Does not belong here: making anything.
"""

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

from vision.site.models import SiteDay

MANIFEST = "simulation.json"
"""Name of the file, beside the truth, that says with which arguments it was made."""


def site_digest(site_day: SiteDay) -> str:
    """A digest of everything that the site's files say of the day, and that can be filmed."""
    told = site_day.model_dump_json(exclude={"site": {"audits"}})
    return hashlib.sha256(told.encode()).hexdigest()


def instant(site_day: SiteDay, local: dt.time) -> dt.datetime:
    """The instant at which clocks at the site show `local` on its trading day, UTC."""
    after_midnight = local < site_day.site.file.trading_day_start
    date = site_day.day + dt.timedelta(days=1) if after_midnight else site_day.day
    return dt.datetime.combine(date, local, site_day.site.zone_info).astimezone(dt.UTC)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest in `folder`, or an empty one where there is none that can be read."""
    try:
        made = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return made if isinstance(made, dict) else {}


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Replace the manifest in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{MANIFEST}.part"
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST)
