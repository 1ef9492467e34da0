"""Who supplies what the assets ask for: storage, recordings, detector, tracker, warehouse.

Belongs here: choosing implementations from settings. Does not belong here: the implementations.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import dagster as dg

from assets.camera_day import IO_MANAGER
from footfall_dagster import warehouse as warehouses
from footfall_dagster.io_manager import LakeIOManager
from footfall_dagster.lake import Lake
from footfall_dagster.privacy import ledger
from footfall_dagster.privacy.inspection import SiteInspector
from footfall_dagster.privacy.record_store import RecordStore
from footfall_dagster.privacy.vault import TraitsOfRun, traits_of_run
from footfall_dagster.report_store import FolderReportStore, report_stores
from footfall_dagster.settings import Settings
from footfall_dagster.warehouse import Warehouse
from footfall_dagster.weights import WeightsMissing, at_hand
from vision.protocols import Boxes, Detector, Frame, Image, Tracker, Watch
from vision.site.models import PixelPoint, Site
from vision.traits import Look, Vectors


def build(settings: Settings, site: Site) -> dict[str, Any]:
    """Resources by key; nothing heavy is loaded before a run uses it."""
    lake = Lake(settings.lake, site)

    def traits(_context: dg.InitResourceContext) -> Iterator[TraitsOfRun]:
        # Dagster makes it when a run starts, and goes on here when the run has ended in any way.
        with traits_of_run(settings.vault, vault=site.file.privacy.appearance == "vault") as of_run:
            yield of_run

    return {
        IO_MANAGER: LakeIOManager(lake),
        "lake": lake,
        "recordings": settings.exports,
        "detector": detector(settings),
        "guesser": _GuesserOnUse(settings, site),
        "new_watch": new_watch,
        "tracker": dg.ResourceDefinition(lambda _context: tracker()),
        "traits": dg.ResourceDefinition(traits),
        "warehouse": warehouse(settings),
        "report_store": report_store(settings, site),
        "public_report_store": report_stores(settings, site.id)[ledger.PUBLIC_REPORTS],
        "data_docs": data_docs(settings, site),
        "weekly_report_store": report_stores(settings, site.id)[ledger.WEEKLY_REPORTS],
        "inspector": SiteInspector(settings, site),
        "privacy_records": records(settings, site),
    }


def detector(settings: Settings) -> Detector:
    """Who finds people, with the weights that the settings name."""
    return _DetectorOnUse(settings)


def tracker() -> Tracker:
    """Who follows them."""
    from vision.tracking import LookAheadTracker

    return LookAheadTracker()


def warehouse(settings: Settings) -> Warehouse:
    """The warehouse that the settings name."""
    return warehouses.of(settings)


def report_store(settings: Settings, site: Site) -> FolderReportStore:
    """The folder of the owner's pages of days."""
    return report_stores(settings, site.id)[ledger.REPORTS]


def data_docs(settings: Settings, site: Site) -> FolderReportStore:
    """The folder of Data Docs."""
    return report_stores(settings, site.id)[ledger.DATA_DOCS]


def records(settings: Settings, site: Site) -> RecordStore:
    """The records of the privacy report that the settings name."""
    return RecordStore(settings.privacy, site.id)


def new_watch(masks: Sequence[Sequence[PixelPoint]]) -> Watch:
    """See `vision.protocols.NewWatch`."""
    from vision.scene import Scene

    return Scene(masks)


class _DetectorOnUse:
    """The detector of the settings, made on first use: a day without recordings needs none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _detector(self) -> Detector:
        from vision.yolo import YoloDetector

        try:
            weights = at_hand(self._settings)
        except WeightsMissing as missing:
            # Trying again would find none either.
            raise dg.Failure(description=str(missing), allow_retries=False) from None
        return YoloDetector(
            weights,
            cache=self._settings.models,
            input_size=self._settings.input_size,
            look_at=self._settings.look_at,
            int8=self._settings.int8,
        )

    @property
    def description(self) -> str:
        """Name of the weights and the engine."""
        return self._detector.description

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        """See `vision.protocols.Detector`."""
        remaining = iter(frames)
        first = next(remaining, None)
        if first is not None:
            yield from self._detector.detect(chain([first], remaining))


class _GuesserOnUse:
    """Who guesses age and gender, made on first use: a day without a large face needs none."""

    def __init__(self, settings: Settings, site: Site) -> None:
        self._settings = settings
        self._asked = site.file.privacy.age_gender

    @cached_property
    def _guesser(self) -> Look:
        from vision.age_gender import FaceGuesser, ModelUnfit

        faces, guesses = self._settings.face_model, self._settings.age_gender_model
        if self._asked is None or faces is None or guesses is None:
            raise dg.Failure(
                description="site.yaml asks for age_gender, and we supply no networks for it: set "
                "FOOTFALL_FACE_MODEL and FOOTFALL_AGE_GENDER_MODEL to OpenVINO IR of yours, or "
                "take privacy.age_gender out, which is what we advise",
                allow_retries=False,
            )
        try:
            return FaceGuesser(faces, guesses, smallest_px=self._asked.smallest_face_px)
        except ModelUnfit as unfit:
            raise dg.Failure(description=str(unfit), allow_retries=False) from None

    def __call__(self, image: Image, xyxy: Vectors) -> Vectors:
        """See `vision.traits.Look`."""
        return self._guesser(image, xyxy)
