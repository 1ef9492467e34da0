"""The lake: where each camera-day's Parquet lies, and how it gets there whole or not at all.

Belongs here: paths, atomic writes, reads, what is there. Does not belong here: what may pass the
wall (`footfall_dagster.privacy.wall`), Dagster (`footfall_dagster.io_manager`).
"""

import datetime as dt
import hashlib
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from footfall_dagster.listing import listed
from footfall_dagster.locks import locked
from footfall_dagster.privacy import ledger, objection_list, wall
from footfall_dagster.privacy.partition_folder import PartitionFolder
from footfall_dagster.store import StorePath, make_folder, within
from vision.contract_check import Bounds
from vision.contract_terms import Contract
from vision.contracts import GATE_EVENTS, LAKE, lake_of
from vision.contracts_ingest import COVERAGE
from vision.objections import Objection
from vision.site.models import Site

PENDING = "_pending"
"""Folder in which a file waits for its admission."""

_PATIENCE_S = 120.0
"""How long a run waits for another one of the same camera-day to finish a write of milliseconds."""


class NotMaterialised(Exception):  # noqa: N818 - says what it is
    """The partition has never been written, or was deleted since."""


class Purged(NotMaterialised):
    """The partition is past its retention and was deleted."""


@dataclass(frozen=True, slots=True)
class CameraDay:
    """One camera on one trading day."""

    day: dt.date
    camera: str

    def __str__(self) -> str:
        # As Dagster writes the partition.
        return f"{self.camera}|{self.day}"


@dataclass(frozen=True, slots=True)
class Lake:
    """Parquet files of one site below `root`, in hive folders."""

    root: StorePath
    site: Site

    @property
    def ledger(self) -> ledger.Ledger:
        """The receipts of what was deleted by age."""
        return ledger.Ledger(self.root / ledger.FOLDER, self.site.id)

    @property
    def objection_list(self) -> objection_list.ObjectionList:
        """The objections that were made to what is stored."""
        return objection_list.ObjectionList(self.root / objection_list.FOLDER, self.site.id)

    def objections(self) -> tuple[Objection, ...]:
        """See `assets.storage.CameraDays`; raises `ObjectionsUnreadable`."""
        return self.objection_list.read().obeyed

    def folder(self, dataset: str, camera_day: CameraDay) -> StorePath:
        """Folder of a partition; what lies in it is one file and its receipt."""
        return (
            self.root
            / dataset
            / f"site={self.site.id}"
            / f"date={camera_day.day}"
            / f"camera={camera_day.camera}"
        )

    def bounds(self, camera_day: CameraDay) -> Bounds:
        """The values that the contracts leave to the site: its day, frame, floor and names."""
        return Bounds.of(self.site.on(camera_day.day), camera_day.camera)

    def write(
        self,
        contract: Contract,
        camera_day: CameraDay,
        frame: pl.DataFrame,
        source: str | None = None,
    ) -> int:
        """Store a partition in place of the one before; return its bytes.

        Args:
            contract: Of the dataset.
            camera_day: Which partition of it.
            frame: Its rows.
            source: `Receipt.source` of what the rows were made from; None stands for that of what
                is stored of it now.

        Raises:
            Refused: The rows break the contract, or the wall lets the file not pass. What was
                stored before stays on the disk, and is not read until a write passes.
        """
        folder = self.folder(contract.name, camera_day)
        make_folder(folder)
        if source is None:
            source = self._source_of_parent(contract, camera_day)
        with locked(folder, timeout_s=_PATIENCE_S):
            try:
                content = _encoded(frame, f"{contract.name} {camera_day}")
                receipt = self._admitted(content, contract, camera_day, source)
            except wall.Refused:
                wall.note_refusal(folder, contract, str(camera_day))
                raise
        return receipt.bytes

    def _admitted(
        self, content: bytes, contract: Contract, camera_day: CameraDay, source: str
    ) -> wall.Receipt:
        """Have a file pass the wall; the caller holds the lock of its partition."""
        final = self.folder(contract.name, camera_day) / wall.PART
        told = (contract, self.bounds(camera_day), str(camera_day), source)
        if not isinstance(final, Path) or not isinstance(self.root, Path):
            return wall.admit_whole(content, final, *told)
        name = f"{contract.name}-{self.site.id}-{camera_day.day}-{camera_day.camera}"
        for leftover in (self.root / PENDING).glob(f"{name}.*.*"):
            leftover.unlink()
        pending = self.root / PENDING / f"{name}.{uuid.uuid4().hex}.parquet"
        _write_synced(pending, content)
        return wall.admit(pending, final, *told)

    def inspect(self, contract: Contract, camera_day: CameraDay) -> wall.Receipt:
        """Hold the stored bytes against contract and encoding again; raises `Refused`."""
        folder = self.folder(contract.name, camera_day)
        content, _ = wall.check(folder, contract, str(camera_day))
        return wall.inspect(content, contract, self.bounds(camera_day), str(camera_day))

    def refuse(self, contract: Contract, camera_day: CameraDay) -> None:
        """Note that a partition was refused before its rows were looked at."""
        wall.note_refusal(self.folder(contract.name, camera_day), contract, str(camera_day))

    def failed(self, day: dt.date) -> frozenset[str]:
        """Cameras of which something failed its privacy check on a trading day."""
        return frozenset(
            camera
            for camera in self.site.on(day).cameras
            if any(
                self._has_failed(contract, CameraDay(day, camera))
                for contract in lake_of(self.site).values()
            )
        )

    def _has_failed(self, contract: Contract, camera_day: CameraDay) -> bool:
        folder = self.folder(contract.name, camera_day)
        if not folder.is_dir():
            return False
        if contract.personal:
            return PartitionFolder(folder, contract, str(camera_day)).is_refused
        try:
            # Else what is being written just now would look like what was tampered with.
            with locked(folder, timeout_s=_PATIENCE_S):
                wall.check(folder, contract, str(camera_day))
        except wall.Refused:
            return True
        except FileNotFoundError:
            return False
        return False

    def stored(self, dataset: str, day: dt.date, camera: str) -> pl.DataFrame | None:
        """See `assets.storage.CameraDays`."""
        try:
            return self.read(lake_of(self.site)[dataset], CameraDay(day, camera))
        except (NotMaterialised, wall.Refused):
            return None

    def counted(self, dataset: str, day: dt.date, camera: str) -> pl.DataFrame | None:
        """Rows of a dataset that marts may take of a camera-day; None where there are none."""
        one = CameraDay(day, camera)
        try:
            rows, receipt = self.read_with_receipt(lake_of(self.site)[dataset], one)
            return rows if self.is_of_coverage(receipt, one) else None
        except (NotMaterialised, wall.Refused):
            return None

    def is_of_coverage(self, receipt: wall.Receipt, camera_day: CameraDay) -> bool:
        """Whether rows were made of the files that the coverage of the camera-day is of.

        New coverage beside old events would tell of nobody where nobody has looked. Raises as
        `read` does where there is no coverage.
        """
        return receipt.source == self.read_with_receipt(COVERAGE, camera_day)[1].source

    def is_made_from(self, timeline: pl.DataFrame, day: dt.date, camera: str) -> bool:
        """See `assets.storage.CameraDays`."""
        try:
            _, made = self.read_with_receipt(GATE_EVENTS, CameraDay(day, camera))
        except (NotMaterialised, wall.Refused):
            return False
        return made.source == hashlib.sha256(wall.encode(timeline)).hexdigest()

    def read(self, contract: Contract, camera_day: CameraDay) -> pl.DataFrame:
        """Rows of a partition.

        Raises:
            Purged: It was deleted by age, or for an objection.
            NotMaterialised: There is nothing.
            Refused: What is there has no matching receipt, something lies beside it, or the last
                write of it was refused.
        """
        return self.read_with_receipt(contract, camera_day)[0]

    def read_with_receipt(
        self, contract: Contract, camera_day: CameraDay
    ) -> tuple[pl.DataFrame, wall.Receipt]:
        """Rows of a partition and what vouches for them; raises as `read` does."""
        folder = self.folder(contract.name, camera_day)
        try:
            # In a bucket there are no folders, and the lock needs none.
            if isinstance(folder, Path) and not folder.is_dir():
                raise FileNotFoundError(folder)
            # So that no writer replaces file and receipt between two looks at them.
            with locked(folder, timeout_s=_PATIENCE_S):
                return wall.read(folder / wall.PART, contract, str(camera_day))
        except FileNotFoundError:
            if gone := self.ledger.last(contract.name, str(camera_day)):
                raise Purged(
                    f"{contract.name} of {camera_day} was {gone}; if its "
                    "recordings are still there, materialise the whole camera-day again, else what "
                    "was made from it stands as it is"
                ) from None
            raise NotMaterialised(
                f"{contract.name} of {camera_day} is not there; materialise it first"
            ) from None

    def purged(self, dataset: str, day: dt.date) -> frozenset[str]:
        """Cameras of which `dataset` was deleted by age on a trading day."""
        camera_days = [CameraDay(day, camera) for camera in self.site.on(day).cameras]
        return frozenset(
            one.camera
            for one in camera_days
            if not (self.folder(dataset, one) / wall.PART).exists()
            and self.ledger.last(dataset, str(one)) is not None
        )

    def _source_of_parent(self, contract: Contract, camera_day: CameraDay) -> str:
        if not contract.made_from:
            return ""
        try:
            _, parent = self.read_with_receipt(LAKE[contract.made_from], camera_day)
        except (NotMaterialised, wall.Refused):
            return ""
        return parent.handed_on

    def strangers(self, contract: Contract, camera_day: CameraDay) -> list[str]:
        """What lies in the partition's folder or on the way to it and does not belong there."""
        folder = self.folder(contract.name, camera_day)
        on_the_way = [
            entry
            for level, prefix in zip(_levels(folder), ("camera=", "date=", "site="), strict=True)
            for entry in listed(level, deep=False)
            if not entry.is_folder or not entry.path.name.startswith(prefix)
        ]
        beside = [f"a stranger of {entry.size} bytes above it" for entry in on_the_way]
        return wall.strangers(folder, contract, str(camera_day)) + beside

    def stored_days(self, dataset: str) -> list[CameraDay]:
        """Camera-days of `dataset` that have a file, by camera and day.

        What lies there under any other name, or is no plain file, was not written by the lake: the
        audit names it, and nobody else trips over it.
        """
        folder = self.root / dataset / f"site={self.site.id}"
        named = (
            _camera_day(*names[:2])
            for entry in listed(folder)
            if entry.is_file and len(names := within(entry.path, folder)) == 3
            if names[2] == wall.PART
        )
        return sorted((one for one in named if one is not None), key=str)


def _levels(folder: StorePath) -> list[StorePath]:
    """The three folders on the way to a partition, from the innermost."""
    return [folder.parent, folder.parent.parent, folder.parent.parent.parent]


def _camera_day(date: str, camera: str) -> CameraDay | None:
    """The camera-day that two folders of the lake are named after."""
    try:
        day = dt.date.fromisoformat(date.removeprefix("date="))
    except ValueError:
        return None
    named = CameraDay(day, camera.removeprefix("camera="))
    return named if (date, camera) == (f"date={day}", f"camera={named.camera}") else None


def _encoded(frame: object, what: str) -> bytes:
    """Bytes of a frame; raises `Refused` where it is none, or holds what is no column's value."""
    if not isinstance(frame, pl.DataFrame):
        raise wall.Refused(f"{what} is no Polars frame; return one with the contract's columns")
    try:
        return wall.encode(frame)
    except pl.exceptions.PolarsError as error:
        # Its words name types, and may quote values.
        raise wall.Refused(
            f"{what} holds a column that cannot be stored ({type(error).__name__}); return the "
            "contract's columns and no others"
        ) from None


def _write_synced(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
