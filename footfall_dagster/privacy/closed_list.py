"""The audit by closed list: all that lies right of the wall, held against what may lie there.

Belongs here: walking the lake, the pages and the vault, and putting the audit together. Does not
belong here: what may be in a warehouse (`closed_list_marts`) or in DAGSTER_HOME
(`closed_list_dagster`), the contracts (`vision.contracts`), or the search that knows none of them
(`footfall_dagster.privacy.search`).

Every file is on the list by its name, and what the list says of it is verified: a partition against
its receipt, its contract and the bytes that its rows give. The rest is a finding, whatever it is.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from footfall_dagster import warehouse
from footfall_dagster.lake import PENDING, CameraDay, Lake
from footfall_dagster.privacy import (
    closed_list_dagster,
    closed_list_marts,
    closed_list_records,
    ledger,
    objection_list,
    wall,
)
from footfall_dagster.privacy.findings import Evidence
from footfall_dagster.privacy.look import STRANGER, Look
from footfall_dagster.privacy.pages import page_trouble
from footfall_dagster.privacy.partition_folder import PartitionFolder
from footfall_dagster.privacy.record_store import RecordStore
from footfall_dagster.report_store import FolderReportStore, report_stores
from footfall_dagster.settings import Settings
from footfall_dagster.store import StorePath, attributes, below, entries
from vision.contract_check import Bounds
from vision.contract_terms import Contract
from vision.contracts import lake_of
from vision.site.models import Site

CHECK = "closed_list"
SCOPE = (
    "every file of the lake right of tracking, the warehouse, the reports, Data Docs, the vault "
    "and DAGSTER_HOME against the closed list of what may lie there"
)
_OTHER_SITE = "belongs to a site that this audit was not given"


def audit(settings: Settings, site: Site, dagster_home: Path | None) -> Evidence:
    """Hold everything right of the wall against the closed list.

    Args:
        settings: Where lake, warehouse, reports and vault are.
        site: The site whose days they hold.
        dagster_home: DAGSTER_HOME; None where there is none to look at.
    """
    look = Look()
    kept = RecordStore(settings.privacy, site.id)
    parts: list[tuple[StorePath, Callable[[], None]]] = [
        (settings.lake, lambda: lake(look, Lake(settings.lake, site))),
        (
            settings.warehouse,
            lambda: closed_list_marts.warehouse(look, warehouse.of(settings), site),
        ),
        *(
            (store.folder, partial(reports, look, store))
            for store in report_stores(settings, site.id).values()
        ),
        (kept.pages.folder, lambda: reports(look, kept.pages)),
        (settings.privacy, lambda: closed_list_records.records(look, kept)),
        (settings.vault, lambda: _nothing_in(look, settings.vault)),
    ]
    if dagster_home is not None:
        parts.append((dagster_home, lambda: closed_list_dagster.instance(look, dagster_home)))
    for root, part in parts:
        try:
            part()
        except Exception:  # hostile input may raise anything; what was not read is no pass
            look.miss(root, root, "the rest of it")
        _attributes(look, root)
    return look.evidence(CHECK, SCOPE)


def lake(look: Look, lake: Lake) -> None:
    """Every file of the lake: known datasets, known days and cameras, admitted partitions."""
    root = lake.root
    contracts = lake_of(lake.site)
    for entry in entries(root):
        if entry.name == PENDING and _is_folder(entry):
            _nothing_in(look, entry, root)
        elif entry.name == ledger.FOLDER and _is_folder(entry):
            _purges(look, lake)
        elif entry.name == objection_list.FOLDER and _is_folder(entry):
            _objections(look, lake)
        elif entry.name in contracts and _is_folder(entry):
            for partition in _partitions(look, lake, entry):
                _partition(look, lake, contracts[entry.name], partition)
        else:
            _stranger(look, root, entry)


def _partitions(look: Look, lake: Lake, dataset: StorePath) -> Iterator[CameraDay]:
    for site in entries(dataset):
        if not _is_folder(site) or not site.name.startswith("site="):
            _stranger(look, lake.root, site)
        elif site.name != f"site={lake.site.id}":
            look.miss(lake.root, site, "the folder", _OTHER_SITE)
        else:
            for date in entries(site):
                day = _day(date)
                if day is None or not _is_folder(date):
                    _stranger(look, lake.root, date)
                    continue
                known = lake.site.on(day).cameras
                for camera in entries(date):
                    name = camera.name.removeprefix("camera=")
                    named = camera.name == f"camera={name}" and name in known
                    if named and _is_folder(camera):
                        yield CameraDay(day, name)
                    else:
                        _stranger(look, lake.root, camera)


def _purges(look: Look, lake: Lake) -> None:
    """Receipts of what was deleted by age, each as the ledger writes it."""
    present = below(lake.ledger.root)
    # A pipe would be read for ever, so nothing is read where there is one.
    odd = {path for path in present if not path.is_dir() and not path.is_file()}
    strangers = odd or set(lake.ledger.strangers())
    for path in present:
        if path in strangers:
            _stranger(look, lake.root, path)
        elif not path.is_dir():
            look.at(path)


def _objections(look: Look, lake: Lake) -> None:
    """Lists of objections, each as we write it."""
    strangers = set(lake.objection_list.strangers())
    for path in below(lake.objection_list.root):
        if path in strangers:
            _stranger(look, lake.root, path)
        else:
            look.at(path)


def _day(folder: StorePath) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(folder.name.removeprefix("date="))
    except ValueError:
        return None
    return day if folder.name == f"date={day}" else None


def _partition(look: Look, lake: Lake, contract: Contract, camera_day: CameraDay) -> None:
    folder = lake.folder(contract.name, camera_day)
    part = folder / wall.PART
    held = PartitionFolder(folder, contract, str(camera_day))
    for stranger in held.strangers:
        _stranger(look, lake.root, stranger.path)
    if not part.is_file() or contract.personal:
        return
    try:
        bounds = Bounds.of(lake.site.on(camera_day.day), camera_day.camera)
        _ = held.receipt
        receipt = wall.inspect(held.content, contract, bounds, str(camera_day))
        look.at(part, rows=receipt.rows)
    except wall.Refused:
        look.find(lake.root, part, "the whole file", "not as its contract and receipt say")
    except (OSError, MemoryError):
        look.miss(lake.root, part, "the whole file")


def reports(look: Look, store: FolderReportStore) -> None:
    """Every page has its receipt and is drawn shapes and plain text; nothing else is there."""
    for site in entries(store.folder):
        if not _is_folder(site) or not site.name.startswith("site="):
            _stranger(look, store.folder, site)
        elif site.name != f"site={store.site}":
            look.miss(store.folder, site, "the folder", _OTHER_SITE)
        else:
            for path in entries(site):
                _page(look, store, path)


def _page(look: Look, store: FolderReportStore, path: StorePath) -> None:
    if store.is_receipt(path):
        look.at(path)
    elif not store.vouched(path):
        _stranger(look, store.folder, path)
    else:
        look.at(path)
        if kind := page_trouble(path.read_text(encoding="utf-8")):
            look.find(store.folder, path, "the page", kind)


def _nothing_in(look: Look, folder: StorePath, root: StorePath | None = None) -> None:
    for path in below(folder):
        if path.is_symlink() or not path.is_dir():
            look.at(path)
            look.find(root or folder, path, "the whole file", "leftover")


def _attributes(look: Look, root: StorePath) -> None:
    """Nothing of ours is kept beside a file under a name that anybody may give."""
    for path in [root, *below(root)]:
        # Whatever stores nothing itself has nothing beside it.
        if (isinstance(path, Path) or path.is_file()) and attributes(path):
            look.find(root, path, "its attributes", STRANGER)


def _stranger(look: Look, root: StorePath, path: StorePath) -> None:
    """Name everything below `path`, which has no business there."""
    inside = [one for one in below(path) if not one.is_dir()] if _is_folder(path) else []
    for one in inside or [path]:
        look.at(one)
        look.find(root, one, "the whole file", STRANGER)


def _is_folder(path: StorePath) -> bool:
    return path.is_dir() and not path.is_symlink()
