"""Who supplies what the assets ask for: storage, recordings, detector, tracker, warehouse.

Belongs here: choosing implementations from settings. Does not belong here: the implementations.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from typing import Any

import dagster as dg

from assets.camera_day import IO_MANAGER
from footfall_dagster.io_manager import LakeIOManager
from footfall_dagster.lake import Lake
from footfall_dagster.report_store import FolderReportStore
from footfall_dagster.settings import Settings
from footfall_dagster.warehouse import DuckDBWarehouse
from footfall_dagster.weights import WeightsMissing, at_hand
from vision.exports import Recordings
from vision.protocols import Boxes, Detector, Frame, Tracker
from vision.site.models import Site


def build(settings: Settings, site: Site) -> dict[str, Any]:
    """Resources by key; nothing heavy is loaded before a run uses it."""
    lake = Lake(settings.lake, site)

    def tracker(_context: dg.InitResourceContext) -> Tracker:
        from vision.tracking import LookAheadTracker

        return LookAheadTracker()

    return {
        IO_MANAGER: LakeIOManager(lake),
        "lake": lake,
        "recordings": Recordings(settings.recordings),
        "detector": _DetectorOnUse(settings),
        "tracker": dg.ResourceDefinition(tracker),
        "warehouse": warehouse(settings),
        "report_store": report_store(settings, site),
    }


def warehouse(settings: Settings) -> DuckDBWarehouse:
    """The warehouse that the settings name."""
    return DuckDBWarehouse.below(settings.warehouse)


def report_store(settings: Settings, site: Site) -> FolderReportStore:
    """The folder of report pages that the settings name."""
    return FolderReportStore(settings.reports, site.id)


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
        return YoloDetector(weights, cache=self._settings.models)

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
