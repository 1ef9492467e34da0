"""Who catches a plant: the door at the write, the refusal to read, the audit, the search.

Belongs here: putting one plant into a finished home and asking each line of defence. Does not
belong here: the plants, or how many must be caught.
"""

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from footfall_dagster.lake import Lake, NotMaterialised
from footfall_dagster.privacy.closed_list import audit
from footfall_dagster.privacy.findings import Evidence
from footfall_dagster.privacy.search import Reader, search
from footfall_dagster.privacy.wall import Refused
from tests.privacy.corpus import PLANTS
from tests.privacy.finished_home import Home
from vision.contracts import LAKE


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who caught one plant.

    Attributes:
        plant: Its name.
        door: The product refused to write it; None where it has no door for it.
        read: A read of the lake was refused.
        audited: The audit by closed list found it.
        searched: The search found it.
        unread: The audit or the search could not read a file, which is no pass either.
    """

    plant: str
    door: bool | None
    read: bool
    audited: bool
    searched: bool
    unread: bool

    @property
    def walled(self) -> bool:
        """Whether the wall stopped or found it."""
        return bool(self.door) or self.read or self.audited

    @property
    def caught(self) -> bool:
        """Whether it could not pass unseen."""
        return self.walled or self.searched or self.unread

    def __str__(self) -> str:
        """A line of the table."""
        plant = PLANTS[self.plant]
        door = {None: "-", True: "refused", False: "OPEN"}[self.door]
        audited = "found" if self.audited else "-"
        found = "found" if self.searched else "unread" if self.unread else "-"
        read = "refused" if self.read else "-"
        return (
            f"{plant.kind:22} {plant.place:10} {plant.name:60} "
            f"{door:8} {read:8} {audited:6} {found:6}"
        )


HEADING = f"{'kind':22} {'place':10} {'plant':60} {'write':8} {'read':8} {'audit':6} {'search':6}"


def judge(name: str, finished: Path, works: Path) -> Verdict:
    """Plant the leak of that name in a copy of the home below `finished`, and ask all.

    Args:
        name: Of the plant.
        finished: Folder of the finished home.
        works: Below it each process has a place of its own.
    """
    plant = PLANTS[name]
    work = works / str(os.getpid()) / "var"
    home = copied(finished, work)
    door = None
    if plant.door is not None:
        door = plant.door(home)
        home = copied(finished, work)
    plant.put(home)
    # What lies elsewhere is known to be clean and would only be looked at once more.
    touched = home.folder(plant.place)
    # One reader for all plants of a process: what it knows to be clean it need not unpack again.
    searched = search_of(home, touched, _reader())
    audited = audit(home.settings, home.site, home.dagster if plant.place == "dagster" else None)
    return Verdict(
        plant=name,
        door=door,
        read=_refused_at_read(home),
        audited=bool(audited.findings),
        searched=bool(searched.findings),
        unread=bool(searched.unread or audited.unread),
    )


def audit_of(home: Home) -> Evidence:
    """The audit of the home by closed list."""
    return audit(home.settings, home.site, home.dagster)


@cache
def _reader() -> Reader:
    """The process that reads for this one; it ends when its input does."""
    return Reader()


def search_of(home: Home, below: Path | None = None, reader: Reader | None = None) -> Evidence:
    """The search of all that lies right of the wall in the home, or in a folder of it."""
    lake = home.settings.lake
    left = [lake / contract.name for contract in LAKE.values() if contract.personal]
    root = below or home.root
    return search({"home": root} if root.is_dir() else {}, leave_out=left, reader=reader)


def copied(finished: Path, work: Path) -> Home:
    """A fresh copy of the finished home."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(finished, work, symlinks=True)
    return Home.at(work, recordings=finished.parent / "recordings")


def _refused_at_read(home: Home) -> bool:
    lake = Lake(home.settings.lake, home.site)
    for name, contract in LAKE.items():
        for camera_day in lake.stored_days(name):
            try:
                lake.read(contract, camera_day)
            except (Refused, pl.exceptions.PolarsError):
                # What cannot be decoded is not read either.
                return True
            except NotMaterialised:
                continue
    return False
