"""Pipelines that carry what somebody looks like past the wall, each by another covert way.

Every one of them is the real pipeline with one part replaced. The part knows what the detector was
shown and what vectors came with the boxes, as a saboteur among the authors of that part could.
"""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import polars as pl
import pytest

from assets.camera_day import IO_MANAGER
from footfall_dagster.io_manager import LakeIOManager
from footfall_dagster.jobs import CAMERA_DAY, SITE_DAY
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.privacy import wall
from footfall_dagster.privacy.prove import as_shipped
from footfall_dagster.report_store import FolderReportStore
from footfall_dagster.settings import Settings
from vision.contract_terms import Contract
from vision.contracts import ANONYMISED_TRAJECTORIES
from vision.protocols import Boxes, Detector, Frame, View
from vision.site.load import load_site
from vision.tracking import LookAheadTracker

SECOND = pl.duration(seconds=1)


class Secret:
    """What was overheard in the run that is going on."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.vectors = hashlib.sha256()
        self.pixels = hashlib.sha256()

    @property
    def text(self) -> str:
        return self.vectors.hexdigest()

    @property
    def number(self) -> int:
        """0 to 255; of the first two draws the remainders by 2 to 7 differ, so neither hides."""
        return self.vectors.digest()[2]

    def bits(self, count: int) -> list[bool]:
        """As many as are asked for, a vector's worth of them."""
        rng = np.random.default_rng(list(self.vectors.digest()))
        return [bool(bit) for bit in rng.integers(0, 2, count)]


SECRET = Secret()


@dataclass
class Eavesdropper:
    """A detector that tells what it sees to whoever knows `SECRET`."""

    detector: Detector

    @property
    def description(self) -> str:
        return self.detector.description

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        for boxes in self.detector.detect(self._seen(frames)):
            assert boxes.appearance is not None
            SECRET.vectors.update(boxes.appearance.tobytes())
            yield boxes

    def _seen(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            SECRET.pixels.update(frame.image.tobytes())
            yield frame


def eavesdropped(
    supplied: Mapping[str, Any],
) -> dict[str, Any]:
    """The resources that the proof supplies, with somebody listening at the detector."""
    if "detector" in supplied:
        SECRET.forget()
        return {**supplied, "detector": Eavesdropper(supplied["detector"])}
    return dict(supplied)


class LeakyLake(Lake):
    """A lake whose writer changes rows of one dataset on their way to the wall."""

    dataset = ""

    def change(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame

    def write(
        self,
        contract: Contract,
        camera_day: CameraDay,
        frame: pl.DataFrame,
        source: str | None = None,
    ) -> int:
        if contract.name == self.dataset:
            frame = self.change(frame)
        return super().write(contract, camera_day, frame, source)


Change = Callable[[pl.DataFrame], pl.DataFrame]
Install = Callable[[pytest.MonkeyPatch], Mapping[str, Callable[[Settings], Any]]]
"""Plants a leak; returns makers of resources to be used in place of the real ones."""


@dataclass(frozen=True)
class Variant:
    """One covert way.

    Attributes:
        install: Plants it.
        jobs: Those of a day that it takes.
        refused: The wall itself stops it, so that the run fails.
    """

    install: Install
    jobs: tuple[str, ...] = (CAMERA_DAY,)
    refused: bool = False


VARIANTS: dict[str, Variant] = {}


def variant(
    name: str, *, marts: bool = False, refused: bool = False
) -> Callable[[Install], Install]:
    def kept(install: Install) -> Install:
        jobs = (CAMERA_DAY, SITE_DAY) if marts else (CAMERA_DAY,)
        VARIANTS[name] = Variant(install, jobs, refused)
        return install

    return kept


def rows(dataset: str, change: Change) -> Install:
    """A leak in the rows of `dataset`, made where they are handed over to be stored."""

    class Planted(LeakyLake):
        def change(self, frame: pl.DataFrame) -> pl.DataFrame:
            return change(frame)

    Planted.dataset = dataset

    def install(_patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
        return {
            IO_MANAGER: lambda settings: LakeIOManager(
                Planted(settings.lake, load_site(settings.site))
            )
        }

    return install


def _bits(frame: pl.DataFrame) -> pl.Series:
    return pl.Series(SECRET.bits(frame.height), dtype=pl.Boolean)


def _by_secret_rank(frame: pl.DataFrame) -> pl.DataFrame:
    count = frame["trajectory"].n_unique()
    hashes = [hashlib.sha256(f"{SECRET.text}{n}".encode()).hexdigest() for n in range(count)]
    ranks = {old: new for new, old in enumerate(sorted(range(count), key=hashes.__getitem__))}
    renamed = frame.with_columns(pl.col("trajectory").replace_strict(ranks).cast(pl.Int32))
    return renamed.sort("trajectory", "at")


def _in_secret_order(frame: pl.DataFrame) -> pl.DataFrame:
    order = np.random.default_rng(list(SECRET.vectors.digest())).permutation(frame.height)
    return frame[order.tolist()]


def _tails_swapped(frame: pl.DataFrame) -> pl.DataFrame:
    """The first two trajectories change their ids in the middle of the day, or do not."""
    middle = frame["at"].median()
    other = pl.when(pl.col("trajectory") < 2).then(1 - pl.col("trajectory"))
    swapped = pl.when(pl.col("at") > middle).then(other).otherwise(None)
    if SECRET.number % 3 == 0:
        return frame
    return frame.with_columns(
        pl.coalesce(swapped, "trajectory").cast(pl.Int32).alias("trajectory")
    ).sort("trajectory", "at")


variant("an id is the rank of a hash of vectors", refused=True)(
    rows("anonymised_trajectories", _by_secret_rank)
)
variant("the order of rows", refused=True)(rows("gate_events", _in_secret_order))
variant("low bits of coordinates", refused=True)(
    rows(
        "anonymised_trajectories",
        lambda frame: frame.with_columns(x_m=pl.col("x_m") + 1e-5 * _bits(frame)),
    )
)
variant("low bits of timestamps", refused=True)(
    rows(
        "gate_events",
        lambda frame: frame.with_columns(at=pl.col("at") + pl.duration(microseconds=SECRET.number)),
    )
)
variant("a count plus a function of vectors")(
    rows(
        "gate_events",
        lambda frame: (
            pl.concat([frame, frame[:1].clone()] * (SECRET.number % 5)).sort("at")
            if SECRET.number % 5
            else frame
        ),
    )
)
variant("a choice between cells that are equally near")(
    rows(
        "anonymised_trajectories",
        lambda frame: frame.with_columns(
            x_m=pl.when(_bits(frame) & (pl.col("x_m") < 9))
            .then(pl.col("x_m") + 0.25)
            .otherwise("x_m")
        ),
    )
)
variant("which of two duplicates is dropped")(
    rows(
        "gate_events",
        lambda frame: (
            frame.with_row_index()
            .filter(pl.col("index") != (frame.height - 1) * (SECRET.number % 2))
            .drop("index")
        ),
    )
)
variant("trajectories that swap their ids")(rows("anonymised_trajectories", _tails_swapped))
variant("the rounding of a dwell")(
    rows(
        "zone_visits",
        lambda frame: frame.with_columns(
            dwell_s=pl.col("dwell_s") + _bits(frame).cast(pl.Int32),
            left_at=pl.when(_bits(frame)).then(pl.col("left_at") + SECOND).otherwise("left_at"),
        ).sort(frame.columns),
    )
)
variant("a second more or less at a gate")(
    rows(
        "gate_events",
        lambda frame: frame.with_columns(
            at=pl.when(_bits(frame)).then(pl.col("at") + SECOND).otherwise(pl.col("at") - SECOND)
        ).sort(frame.columns),
    )
)
variant("which end of a visit was seen")(
    rows(
        "zone_visits",
        lambda frame: frame.with_columns(
            ends_seen=pl.when(_bits(frame)).then(pl.lit("both")).otherwise(pl.lit("entry"))
        ),
    )
)


def encoded_by(write: Callable[[pl.DataFrame, Any], None]) -> Install:
    """A leak in how rows become bytes, in the wall's own encoder: it vouches for what it made.

    In trajectories alone: what was stored before all was overheard would not be encoded again to
    the same bytes, and the wall's check would tell.
    """

    def install(patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
        def encode(frame: pl.DataFrame) -> bytes:
            if frame.columns != list(ANONYMISED_TRAJECTORIES.schema):
                return honest(frame)
            buffer = io.BytesIO()
            write(frame, buffer)
            return buffer.getvalue()

        honest = wall.encode
        patch.setattr(wall, "encode", encode)
        return {}

    return install


variant("the size of a file")(
    encoded_by(
        lambda frame, file: frame.write_parquet(
            file, compression="zstd", compression_level=1 + SECRET.number % 9
        )
    )
)
variant("the size of row groups")(
    encoded_by(lambda frame, file: frame.write_parquet(file, row_group_size=1 + SECRET.number % 50))
)
variant("key-value metadata of Parquet")(
    encoded_by(lambda frame, file: frame.write_parquet(file, metadata={"writer": SECRET.text}))
)


@variant("the fingerprint in a receipt")
def _receipt(patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    patch.setattr(wall, "fingerprint", lambda _contract: SECRET.text[:16])
    return {}


@variant("the number of folders in the lake")
def _folders(_patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    class Planted(LeakyLake):
        def write(
            self,
            contract: Contract,
            camera_day: CameraDay,
            frame: pl.DataFrame,
            source: str | None = None,
        ) -> int:
            if contract.name == "zone_visits":
                for number in range(SECRET.number):
                    (self.root / "_pending" / str(number)).mkdir(parents=True, exist_ok=True)
            return super().write(contract, camera_day, frame, source)

    return {
        IO_MANAGER: lambda settings: LakeIOManager(Planted(settings.lake, load_site(settings.site)))
    }


@variant("the mode of a file")
def _mode(_patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    class Planted(LeakyLake):
        def write(
            self,
            contract: Contract,
            camera_day: CameraDay,
            frame: pl.DataFrame,
            source: str | None = None,
        ) -> int:
            size = super().write(contract, camera_day, frame, source)
            part = self.folder(contract.name, camera_day) / wall.PART
            part.chmod(0o600 | (SECRET.number & 0o077))
            return size

    return {
        IO_MANAGER: lambda settings: LakeIOManager(Planted(settings.lake, load_site(settings.site)))
    }


@variant("a figure in the metadata of an asset")
def _metadata(patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    from assets import anonymous

    honest = anonymous._metadata
    patch.setattr(
        anonymous,
        "_metadata",
        lambda contract, frame: honest(contract, frame) | {"smoothness": SECRET.number},
    )
    return {}


@variant("a line in Dagster's log")
def _log(_patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    class Talkative(LakeIOManager):
        def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
            context.log.info(f"stored in {SECRET.number} ms")
            super().handle_output(context, obj)

    return {IO_MANAGER: lambda settings: Talkative(Lake(settings.lake, load_site(settings.site)))}


def said(event: Callable[[dg.OutputContext], dg.AssetObservation | dg.AssetMaterialization]) -> Any:
    """An IO manager that tells Dagster of one more event with each dataset."""

    class Telling(LakeIOManager):
        def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
            context.log_event(event(context))
            super().handle_output(context, obj)

    return {IO_MANAGER: lambda settings: Telling(Lake(settings.lake, load_site(settings.site)))}


@variant("a version of the data, as Dagster would give it")
def _version(_patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    tags = ("dagster/code_version", "dagster/data_version")
    return said(  # type: ignore[no-any-return]
        lambda context: dg.AssetMaterialization(
            context.asset_key,
            partition=context.partition_key,
            tags=dict.fromkeys(tags, SECRET.text),
        )
    )


@variant("a count in a table in metadata")
def _table(_patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    def observed(context: dg.OutputContext) -> dg.AssetObservation:
        told = dg.TableRecord({"rule": "rows add up", "rows": SECRET.number, "rows_failed": 0})
        columns = [("rule", "string"), ("rows", "int"), ("rows_failed", "int")]
        schema = dg.TableSchema([dg.TableColumn(*column) for column in columns])
        table = dg.MetadataValue.table([told], schema=schema)
        return dg.AssetObservation(
            context.asset_key, partition=context.partition_key, metadata={"by_rule": table}
        )

    return said(observed)  # type: ignore[no-any-return]


@variant("a tracker that cuts the last box where a vector says so")
def _tracker(_patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    class Partial(LookAheadTracker):
        def track(
            self, detections: pl.DataFrame, view: View, appearance: Any = None
        ) -> pl.DataFrame:
            tracks = super().track(detections, view)
            cut = [n for n, bit in enumerate(SECRET.bits(tracks["track"].n_unique())) if bit]
            first = pl.col("frame_at") < pl.col("frame_at").max().over("track") - 2 * SECOND
            return tracks.filter(first | ~pl.col("track").is_in(cut))

    return {"tracker": lambda _settings: Partial()}


@variant("pixels, by the second at a gate")
def _pixels(patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    return rows(
        "gate_events",
        lambda frame: frame.with_columns(
            at=pl.col("at") + pl.duration(seconds=SECRET.pixels.digest()[0] % 7)
        ),
    )(patch)


@variant("times that move on the way to the detector", refused=True)
def _times(patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    from vision import masking

    patch.setattr(
        masking,
        "blanked",
        lambda frames, _masks: (
            Frame(frame.at_us + int(frame.image[0, 0, 0]), frame.image) for frame in frames
        ),
    )
    return {}


@variant("the order of rows in a mart", marts=True)
def _mart_order(patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    from footfall_dagster import mart_tables

    def insert(connection: Any, mart: Any, select: str) -> None:
        connection.execute(
            f'INSERT INTO "{mart.name}" BY NAME SELECT * FROM ({select}\n) AS made '
            f"ORDER BY hash(made::VARCHAR || '{SECRET.text}')"
        )

    patch.setattr(mart_tables, "insert", insert)
    return {}


@variant("a comment on a table", marts=True)
def _comment(patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    from footfall_dagster import mart_files

    honest = mart_files.create

    def create(connection: Any, mart: Any, label: str) -> None:
        honest(connection, mart, label + " " * (SECRET.number % 60))

    patch.setattr(mart_files, "create", create)
    return {}


@variant("which cells are suppressed", marts=True)
def _suppressed(patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    from assets.marts import release

    honest = release.release

    def choosy(mart: Any, exact: pl.DataFrame, k: int) -> pl.DataFrame:
        return honest(mart, exact, k + SECRET.number % 4)

    patch.setattr(release, "release", choosy)
    return {}


@variant("spaces in the report", marts=True)
def _report(_patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    class Airy(FolderReportStore):
        def write(self, day: Any, html: str) -> str:
            return super().write(day, html + "\n" * SECRET.number)

    return {"report_store": lambda settings: Airy(settings.reports, load_site(settings.site).id)}


@variant("bytes behind the last block of a DuckDB file", marts=True)
def _behind(patch: pytest.MonkeyPatch) -> Mapping[str, Callable[[Settings], Any]]:
    from footfall_dagster import mart_files

    honest = mart_files._swap

    def swap(building: Path, path: Path) -> None:
        with building.open("ab") as file:
            file.write(bytes(SECRET.number))
        honest(building, path)

    patch.setattr(mart_files, "_swap", swap)
    return {}


def sabotaged(made: Mapping[str, Callable[[Settings], Any]]) -> Callable[..., dg.Definitions]:
    """What is proved: the pipeline as shipped, with the resources of a variant."""

    def build(
        settings: Settings, supplied: Mapping[str, Any], loggers: Mapping[str, dg.LoggerDefinition]
    ) -> dg.Definitions:
        planted = {name: make(settings) for name, make in made.items()}
        return as_shipped(settings, eavesdropped(supplied) | planted, loggers)

    return build
