"""The audit by closed list: all that lies right of the wall, held against what may lie there.

Belongs here: walking the lake, the pages and the vault, and putting the audit together. Does not
belong here: what may be in a warehouse (`closed_list_marts`) or in DAGSTER_HOME
(`closed_list_dagster`), the contracts (`vision.contracts`), or the search that knows none of them
(`footfall_dagster.privacy.search`).

Every file is on the list by its name, and what the list says of it is verified: a partition against
its receipt, its contract and the bytes that its rows give. The rest is a finding, whatever it is.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from footfall_dagster import warehouse
from footfall_dagster.lake import PENDING, CameraDay, Lake
from footfall_dagster.listing import Entry, Tree, side_by_side
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
from footfall_dagster.privacy.strangers import stranger
from footfall_dagster.report_store import FolderReportStore, report_stores
from footfall_dagster.settings import Settings
from footfall_dagster.store import StorePath, attributes
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
    parts: list[tuple[StorePath, Callable[[Tree], None]]] = [
        (settings.lake, lambda tree: lake(look, Lake(settings.lake, site), tree)),
        (
            settings.warehouse,
            lambda tree: closed_list_marts.warehouse(look, warehouse.of(settings), site, tree),
        ),
        *(
            (store.folder, lambda tree, store=store: reports(look, store, tree))
            for store in report_stores(settings, site.id).values()
        ),
        (kept.pages.folder, lambda tree: reports(look, kept.pages, tree)),
        (settings.privacy, lambda tree: closed_list_records.records(look, kept, tree)),
        (settings.vault, lambda tree: _nothing_in(look, tree)),
    ]
    if dagster_home is not None:
        parts.append((dagster_home, lambda _: closed_list_dagster.instance(look, dagster_home)))
    for root, part in parts:
        with _missed(look, root):
            tree = Tree(root)
            with _missed(look, root):
                part(tree)
            _of_no_part(look, tree)
    return look.evidence(CHECK, SCOPE)


@contextmanager
def _missed(look: Look, root: StorePath) -> Iterator[None]:
    try:
        yield
    except Exception:  # hostile input may raise anything; what was not read is no pass
        look.miss(root, root, "the rest of it")


def _of_no_part(look: Look, tree: Tree) -> None:
    """What no part sees: objects that no path names, folders that nobody may list, attributes."""
    for entry in tree.nameless.values():
        look.at(entry.path, entry.size)
        look.find(tree.root, entry.path, "the whole file", STRANGER)
    for folder in sorted(tree.unlisted, key=str):
        look.miss(tree.root, folder, "the folder")
    _attributes(look, tree)


def lake(look: Look, lake: Lake, tree: Tree) -> None:
    """Every file of the lake: known datasets, known days and cameras, admitted partitions."""
    contracts = lake_of(lake.site)
    for entry in tree.entries(lake.root):
        name = entry.path.name
        if entry.is_unlisted:
            continue
        if name == PENDING and entry.is_folder:
            _nothing_in(look, tree, entry.path)
        elif name == ledger.FOLDER and entry.is_folder:
            _ours_but(look, tree, entry.path, lake.ledger.strangers)
        elif name == objection_list.FOLDER and entry.is_folder:
            _ours_but(look, tree, entry.path, lake.objection_list.strangers)
        elif name in contracts and entry.is_folder:
            held = partial(_partition, lake, tree, contracts[name])
            camera_days = list(_partitions(look, lake, tree, entry.path))
            for seen in side_by_side(tree.root, held, camera_days):
                look.add(seen)
        else:
            stranger(look, tree, entry)


def _partitions(look: Look, lake: Lake, tree: Tree, dataset: StorePath) -> Iterator[CameraDay]:
    for date in _of_site(look, tree, dataset, lake.site.id):
        day = _day(date)
        if day is None:
            stranger(look, tree, date)
            continue
        known = lake.site.on(day).cameras
        for camera in tree.entries(date.path):
            name = camera.path.name.removeprefix("camera=")
            if camera.path.name == f"camera={name}" and name in known and camera.is_folder:
                yield CameraDay(day, name)
            else:
                stranger(look, tree, camera)


def _of_site(look: Look, tree: Tree, folder: StorePath, site: str) -> Iterator[Entry]:
    """What lies in the folder of a site, and nothing else may lie beside."""
    for entry in tree.entries(folder):
        if not entry.is_folder or not entry.path.name.startswith("site="):
            stranger(look, tree, entry)
        elif entry.path.name != f"site={site}":
            look.miss(tree.root, entry.path, "the folder", _OTHER_SITE)
        else:
            yield from tree.entries(entry.path)


def _ours_but(
    look: Look, tree: Tree, folder: StorePath, strangers: Callable[[], Collection[StorePath]]
) -> None:
    """Files that are each as we write them, but for strangers among them."""
    known, told = strangers(), set[StorePath]()
    for entry in tree.below(folder):
        told.add(entry.path)
        if entry.path in known:
            stranger(look, tree, entry)
            known = known if entry.is_there else strangers()
        elif not entry.is_folder:
            look.at(entry.path, entry.size)
    for path in sorted(set(known) - told, key=str):
        # It has come since the tree was listed, or has another name since.
        look.find_there(tree.root, Entry(path, True, False, 0), STRANGER)


def _day(folder: Entry) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(folder.path.name.removeprefix("date="))
    except ValueError:
        return None
    return day if folder.is_folder and folder.path.name == f"date={day}" else None


def _partition(lake: Lake, tree: Tree, contract: Contract, camera_day: CameraDay) -> Look:
    folder = lake.folder(contract.name, camera_day)
    # Whoever wrote there since the tree was made is not to look like somebody who tampered.
    for entries in (tree.below(folder), None):
        seen = Look()
        try:
            held = PartitionFolder(folder, contract, str(camera_day), entries)
            _admitted(seen, lake, contract, camera_day, held)
        except OSError:
            seen.miss(lake.root, folder / wall.PART, "the whole file")
        if not seen.findings and not seen.unread:
            break
    return seen


def _admitted(
    look: Look, lake: Lake, contract: Contract, camera_day: CameraDay, held: PartitionFolder
) -> None:
    for entry in held.strangers:
        look.at(entry.path, entry.size)
        look.find(lake.root, entry.path, "the whole file", STRANGER)
    part = held.entries.get(lake.folder(contract.name, camera_day) / wall.PART)
    if part is None or not part.is_file or contract.personal:
        return
    try:
        bounds = Bounds.of(lake.site.on(camera_day.day), camera_day.camera)
        _ = held.receipt
        receipt = wall.inspect(held.content, contract, bounds, str(camera_day))
        look.at(part.path, part.size, rows=receipt.rows)
    except wall.Refused:
        look.find(lake.root, part.path, "the whole file", "not as its contract and receipt say")
    except (OSError, MemoryError):
        look.miss(lake.root, part.path, "the whole file")


def reports(look: Look, store: FolderReportStore, tree: Tree) -> None:
    """Every page has its receipt and is drawn shapes and plain text; nothing else is there."""
    for entry in _of_site(look, tree, store.folder, store.site):
        _page(look, store, tree, entry)


def _page(look: Look, store: FolderReportStore, tree: Tree, entry: Entry) -> None:
    path = entry.path
    if not entry.is_file:
        stranger(look, tree, entry)
    elif store.is_receipt(path):
        look.at(path, entry.size)
    elif (page := store.written(path)) is None:
        stranger(look, tree, entry)
    else:
        look.at(path, entry.size)
        if kind := page_trouble(page):
            look.find(store.folder, path, "the page", kind)


def _nothing_in(look: Look, tree: Tree, folder: StorePath | None = None) -> None:
    for entry in tree.below(tree.root if folder is None else folder):
        if not entry.is_folder:
            look.at(entry.path, entry.size)
            look.find_there(tree.root, entry, "leftover")


def _attributes(look: Look, tree: Tree) -> None:
    """Nothing of ours is kept beside a file under a name that anybody may give."""
    asked = [
        (entry.path, entry.key)
        for entry in tree.below(tree.root)
        # A bucket's prefix stores nothing itself, but an empty object may stand for it.
        if isinstance(entry.path, Path) or entry.key
    ]
    asked.append((tree.root, "" if isinstance(tree.root, Path) else f"{tree.root.path}/"))
    kept = side_by_side(tree.root, lambda one: attributes(*one), asked)
    for (path, _), given in zip(asked, kept, strict=True):
        if given:
            look.find(tree.root, path, "its attributes", STRANGER)
