"""The IO manager of camera-day assets: Polars frames to and from the lake.

Belongs here: translating Dagster's contexts into lake calls. Does not belong here: paths, atomic
writes (`footfall_dagster.lake`), what may pass (`footfall_dagster.privacy`).
"""

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterator, Mapping

import dagster as dg
import polars as pl

from assets.marts.inputs import RowsByCamera
from assets.plan import camera_key, day_key
from footfall_dagster.lake import CameraDay, Lake, NotMaterialised, Purged
from footfall_dagster.privacy.ledger import RECORDINGS
from footfall_dagster.privacy.metadata import refuse_metadata
from footfall_dagster.privacy.purge_recordings import vanished
from footfall_dagster.privacy.wall import PART, Receipt, Refused
from vision.contract_terms import Contract
from vision.contracts import lake_of
from vision.contracts_ingest import CAMERA_EXPORTS, COVERAGE
from vision.exports.reasons import QUIET, SCENE

_STEPS_REMEMBERED = 64
_NO_LOSS_S = 1.0
"""What joining files another way may take away or add."""
_NO_LOSS_SEEN_S = 10.0
"""What looking at other frames may: another rate, another detector."""
_Step = tuple[str, str]
_Loaded = tuple[_Step | None, str]
"""A step of a run, and a dataset."""


class CameraFrames(RowsByCamera):
    """Rows of one dataset by camera, read when they are looked up and not kept.

    A day of a large site does not fit in memory as a whole, and whoever goes through it needs one
    camera at a time.
    """

    def __init__(
        self, lake: Lake, contract: Contract, found: Mapping[str, tuple[CameraDay, str]]
    ) -> None:
        """Remember which camera-days there are, and the hash of what was found of each."""
        self._lake = lake
        self._contract = contract
        self._found = found

    def __getitem__(self, camera: str) -> pl.DataFrame:
        """Rows of a camera; fails the step where they are no longer those that were found."""
        day, sha256 = self._found[camera]
        try:
            frame, receipt = self._lake.read_with_receipt(self._contract, day)
        except (Refused, NotMaterialised) as problem:
            raise dg.Failure(description=str(problem)) from None
        if receipt.sha256 != sha256:
            raise dg.Failure(
                description=f"{self._contract.name} of {day} was made again while the site-day was "
                "being made from it; run the step again, to make it from what is there now"
            )
        return frame

    def __contains__(self, camera: object) -> bool:
        """Whether there is something of a camera; reads nothing."""
        return camera in self._found

    def __iter__(self) -> Iterator[str]:
        """Cameras of which there is something, in the order of their names."""
        return iter(sorted(self._found))

    def __len__(self) -> int:
        """How many cameras."""
        return len(self._found)


class LakeIOManager(dg.IOManager):
    """Stores a camera-day's frame; loads one camera-day, or those of a day by camera.

    What a step stores is marked with the source of what the step has loaded. Another run of the
    same camera-day may have stored something else since, and detection takes hours.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._loaded: OrderedDict[_Loaded, str] = OrderedDict()

    def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
        """Write through the wall; a refusal fails the step without a retry."""
        contract = self._contract(context.asset_key)
        if contract is CAMERA_EXPORTS and isinstance(obj, pl.DataFrame):
            self._refuse_less(camera_day(context.partition_key), obj)
        if contract is COVERAGE and isinstance(obj, pl.DataFrame):
            self._refuse_less_seen(camera_day(context.partition_key), obj)
        try:
            self._refuse_metadata(context, contract)
            source = self._loaded.get((_step(context), contract.made_from))
            size = self._lake.write(contract, camera_day(context.partition_key), obj, source)
        except Refused as refused:
            raise dg.Failure(
                description=f"The privacy wall refused: {refused}", allow_retries=False
            ) from None
        context.add_output_metadata({"dagster/row_count": obj.height, "size_bytes": size})

    def load_input(self, context: dg.InputContext) -> pl.DataFrame | CameraFrames:
        """One frame for a camera-day asset; for a site-day asset those cameras that are there.

        A camera whose file is absent, refused or older than its coverage is left out: it was not
        observed.
        """
        contract = self._contract(context.asset_key)
        if context.has_partition_key and not isinstance(
            context.partition_key, dg.MultiPartitionKey
        ):
            return self._load_cameras(context, contract)
        frame, receipt = self._load(contract, context.asset_partition_key)
        self._loaded[_step(context), contract.name] = receipt.handed_on
        if len(self._loaded) > _STEPS_REMEMBERED:
            self._loaded.popitem(last=False)
        return frame

    def _refuse_metadata(self, context: dg.OutputContext, contract: Contract) -> None:
        try:
            refuse_metadata(context.output_metadata, contract)
        except Refused:
            self._lake.refuse(contract, camera_day(context.partition_key))
            raise

    def _contract(self, key: dg.AssetKey) -> Contract:
        return lake_of(self._lake.site)[key.path[-1]]

    def _refuse_less(self, day: CameraDay, found: pl.DataFrame) -> None:
        """Fail rather than let a camera-day be replaced by one that observes fewer minutes."""
        lost_s = self._lost_s(CAMERA_EXPORTS, day, found, "used_s")
        if lost_s <= _NO_LOSS_S:
            return
        why = "the files that are there show less than those that it was made from"
        if gone := vanished(self._lake, day, found["file_name"]):
            purged = self._lake.ledger.last(RECORDINGS, str(day))
            what = f"were {purged} of the site's retention" if purged else "are not there"
            why = f"{gone} recordings of which it was made {what}"
        catalogue = self._lake.folder(CAMERA_EXPORTS.name, day) / PART
        raise dg.Failure(
            description=f"{day} would be observed for {lost_s / 60:.1f} minutes less than it was: "
            f"{why}. What was made from them stands as it is. Put them back to compute the day "
            f"again; or, to start afresh without them, delete the file {catalogue} first",
            allow_retries=False,
        )

    def _refuse_less_seen(self, day: CameraDay, minutes: pl.DataFrame) -> None:
        """Fail where the same files were decoded for less than before: a disk that is failing.

        What was made from all of them stands, since nothing that follows is made from less.
        """
        # What was decoded and does not show the view is no fault of the disk, nor is what the site
        # does not want to be looked at.
        decoded = minutes.with_columns(
            pl.when(pl.col("reason").is_in((QUIET, *SCENE)))
            .then("recorded_s")
            .otherwise("readable_s")
            .alias("readable_s")
        )
        lost_s = self._lost_s(COVERAGE, day, decoded, "readable_s")
        if lost_s > _NO_LOSS_SEEN_S:
            stored = self._lake.folder(COVERAGE.name, day) / PART
            raise dg.Failure(
                description=f"{day} was decoded for {lost_s / 60:.1f} minutes less than before; "
                "the warnings of this step say which files broke off. What was made from all of "
                "it stands as it is. Look after the disk or mount and run the day again; or, "
                f"where less is right, delete the file {stored} first",
                allow_retries=False,
            )

    def _lost_s(self, contract: Contract, day: CameraDay, rows: pl.DataFrame, column: str) -> float:
        """By how many seconds of `column` what is stored has more than `rows`."""
        before = self._lake.stored(contract.name, day.day, day.camera)
        return 0.0 if before is None else float(before[column].sum()) - float(rows[column].sum())

    def _load(self, contract: Contract, partition: str) -> tuple[pl.DataFrame, Receipt]:
        try:
            return self._lake.read_with_receipt(contract, camera_day(partition))
        except (Refused, NotMaterialised) as problem:
            raise dg.Failure(description=str(problem), allow_retries=False) from None

    def _load_cameras(self, context: dg.InputContext, contract: Contract) -> CameraFrames:
        found: dict[str, tuple[CameraDay, str]] = {}
        for partition in context.asset_partition_keys:
            day = camera_day(partition)
            try:
                _, receipt = self._lake.read_with_receipt(contract, day)
                if not self._lake.is_of_coverage(receipt, day):
                    context.log.warning(
                        f"not observed: {contract.name} of {partition} was made from other files "
                        "than its coverage; materialise the camera-day again"
                    )
                    continue
                found[day.camera] = day, receipt.sha256
            except Purged as purged:
                context.log.warning(str(purged))
            except NotMaterialised:
                context.log.warning(f"{contract.name}: {partition} has not been delivered")
            except Refused as refused:
                context.log.error(f"not observed: {refused}")
        return CameraFrames(self._lake, contract, found)


def _step(context: dg.InputContext | dg.OutputContext) -> _Step | None:
    """Run and step; None outside of any."""
    try:
        step = context.step_context
    except dg.DagsterInvariantViolationError:
        return None
    return step.run_id, step.step.key


def camera_day(partition_key: str) -> CameraDay:
    """The camera-day of a Dagster partition key."""
    return CameraDay(dt.date.fromisoformat(day_key(partition_key)), camera_key(partition_key))
