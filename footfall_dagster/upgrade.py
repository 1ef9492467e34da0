"""Moving a site to where several machines share it: from a folder into a bucket and DuckLake.

Belongs here: what is copied, in which order, and how each is verified. Does not belong here: what
is printed (`footfall_dagster.cli.upgrade`).

Nothing is taken away at the old place, and nothing is overwritten at the new one: what is there
already is held against what would be copied, so a move that was killed goes on, and one that is
done can be done again and only verifies. What was deleted or withdrawn at the new place since is
not brought back. Whatever keeps people out (objections, withdrawn days, receipts of deletions) goes
first. What lies left of the wall stays where it is: it lives for hours.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import polars as pl

from assets.marts.schema import MartContract
from footfall_dagster import mart_tables, warehouse
from footfall_dagster.lake import Lake
from footfall_dagster.mart_store import Marts
from footfall_dagster.privacy import ledger, objection_list, wall
from footfall_dagster.privacy.purge import only_purge
from footfall_dagster.settings import Settings
from footfall_dagster.store import StorePath, below, digest, place, within
from footfall_dagster.warehouse import Warehouse
from vision.contracts import lake_of
from vision.site.models import Site


class UpgradeError(RuntimeError):
    """The move cannot go on; says where, why and what to do."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of one part.

    Attributes:
        part: Its name.
        copied: Files, or days of marts.
        there: Such that were there already, the same to the byte or the row.
        rows: Of those that have rows.
        sha256: Of all that is at the new place now, in an order that does not change.
    """

    part: str
    copied: int
    there: int
    rows: int
    sha256: str


def move(old: Settings, new: Settings, site: Site) -> Iterator[Moved]:
    """Copy what is kept of a site from where `old` has it to where `new` has it, and verify it.

    Yields:
        Each part when it is copied and verified.

    Raises:
        UpgradeError: Something else is at the new place than would be copied.
        Refused: A partition at the old place is not as the wall let it pass.
        WarehouseError: Marts cannot be read or written.
        LockTimeoutError: A purge is at work.
    """
    source, target = Lake(old.lake, site), Lake(new.lake, site)
    stored, wanted = warehouse.of(old), warehouse.of(new)
    with only_purge(source):
        yield _files("withdrawn days", stored.withdrawn.root, wanted.withdrawn.root)
        for folder in (objection_list.FOLDER, ledger.FOLDER):
            yield _files(folder.strip("_"), source.root / folder, target.root / folder)
        for contract in lake_of(site).values():
            if not contract.personal:
                yield _partitions(source, target, contract.name)
        yield from _warehouse(stored, wanted, site)
        for name in ("reports", "public_reports", "weekly_reports", "data_docs", "privacy"):
            yield _files(name.replace("_", " "), getattr(old, name), getattr(new, name))


def _partitions(source: Lake, target: Lake, dataset: str) -> Moved:
    contract, tally = lake_of(source.site)[dataset], _Tally(dataset)
    for camera_day in source.stored_days(dataset):
        folder = source.folder(dataset, camera_day)
        content, receipt = wall.check(folder, contract, str(camera_day))
        gone, before = (lake.ledger.last(dataset, str(camera_day)) for lake in (target, source))
        if gone != before:
            # Receipts of the old place are at the new one, so the last one is of a purge there.
            continue
        to = target.folder(dataset, camera_day)
        # The receipt first, as the wall has it.
        name = receipt.sha256 + wall.RECEIPT_SUFFIX
        _placed(to / name, (folder / name).read_bytes())
        tally.count(_placed(to / wall.PART, content), receipt.sha256, receipt.rows)
        _, copied = wall.check(to, contract, str(camera_day))
        if copied != receipt:
            raise UpgradeError(_other(to))
    return tally.moved


def _files(part: str, source: StorePath, target: StorePath) -> Moved:
    tally = _Tally(part)
    # Receipts of pages are placed before what they vouch for.
    for path in sorted(below(source), key=lambda one: (one.suffix != ".receipt", str(one))):
        if path.is_file():
            content, to = path.read_bytes(), target.joinpath(*within(path, source))
            tally.count(_placed(to, content), digest(to))
    return tally.moved


def _placed(to: StorePath, content: bytes) -> bool:
    """Place a file where none is; False where it is there already.

    Raises:
        UpgradeError: Another one is there.
    """
    if to.is_file():
        if digest(to) != hashlib.sha256(content).hexdigest():
            raise UpgradeError(_other(to))
        return False
    place(to, content)
    return True


def _warehouse(stored: Warehouse, wanted: Warehouse, site: Site) -> Iterator[Moved]:
    withdrawn = wanted.withdrawn.days(site.id) - stored.withdrawn.days(site.id)
    yield _marts("exact marts", stored.exact, wanted.exact, site)
    yield _marts("published marts", stored.released, wanted.released, site, withdrawn)
    for folder in sorted(stored.kept_beside - {stored.withdrawn.root.name}):
        yield _files(f"marts, {folder}", stored.beside / folder, wanted.beside / folder)


def _marts(
    part: str,
    stored: Marts,
    wanted: Marts,
    site: Site,
    withdrawn: frozenset[dt.date] = frozenset(),
) -> Moved:
    tally = _Tally(part)
    for day in sorted(stored.days(site.id) - withdrawn):
        ours = stored.read_days(stored.contracts, site.id, [day])
        theirs = wanted.read_days(wanted.contracts, site.id, [day])
        copied = _rows_of(theirs) == 0 and _rows_of(ours) > 0
        if copied:
            relations = {f"moved_{name}": rows for name, rows in ours.items()}
            wanted.replace(site.id, day, list(ours), relations, _fill, lambda _line: None)
            theirs = wanted.read_days(wanted.contracts, site.id, [day])
        if differing := [name for name, rows in ours.items() if not rows.equals(theirs[name])]:
            raise UpgradeError(
                f"{', '.join(differing)} of {day} at {wanted.shown} are others than at "
                f"{stored.shown}: the day was made again at one of the two. Take the day out of "
                "the one that is not to stand, or leave the move as it is"
            )
        tally.count(copied, _digest_of(ours), _rows_of(ours))
    return tally.moved


def _fill(connection: duckdb.DuckDBPyConnection, mart: MartContract) -> None:
    mart_tables.insert(connection, mart, f"SELECT * FROM moved_{mart.name}")


def _rows_of(tables: dict[str, pl.DataFrame]) -> int:
    return sum(frame.height for frame in tables.values())


def _digest_of(tables: dict[str, pl.DataFrame]) -> str:
    contents = (wall.encode(frame) for _, frame in sorted(tables.items()))
    return hashlib.sha256(b"".join(contents)).hexdigest()


def _other(path: StorePath) -> str:
    return (
        f"{path} is another file than would be copied there: something was made at both places "
        "since. Nothing was overwritten; delete the one that is not to stand, and run this again"
    )


class _Tally:
    """A running count of one part."""

    def __init__(self, part: str) -> None:
        self._part, self._digest = part, hashlib.sha256()
        self._copied = self._there = self._rows = 0

    def count(self, is_copied: bool, sha256: str, rows: int = 0) -> None:
        """Count one that is at the new place now."""
        self._copied += is_copied
        self._there += not is_copied
        self._rows += rows
        self._digest.update(sha256.encode())

    @property
    def moved(self) -> Moved:
        """What it came to."""
        return Moved(self._part, self._copied, self._there, self._rows, self._digest.hexdigest())
