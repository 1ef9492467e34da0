"""Face crops and embeddings planted at every door of the wall; none may pass."""

import base64
import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path

import cv2
import dagster as dg
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.camera_day import IO_MANAGER
from assets.plan import SitePlan
from footfall_dagster.io_manager import LakeIOManager
from footfall_dagster.lake import CameraDay, Lake, NotMaterialised
from footfall_dagster.privacy import wall
from footfall_dagster.privacy.wall import Refused
from vision.contract_terms import Contract
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS
from vision.contracts_ingest import CAMERA_EXPORTS
from vision.site.load import load_site

DAY = dt.date(2026, 3, 14)
CAMERA = "cam_entrance"
PARTITION = dg.MultiPartitionKey({"date": DAY.isoformat(), "camera": CAMERA})
NOON = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)
EMBEDDING = np.random.default_rng(7).normal(size=128).astype(np.float32)
CROP = np.random.default_rng(8).integers(0, 255, (48, 32, 3), dtype=np.uint8)
JPEG = cv2.imencode(".jpg", CROP)[1].tobytes()
PNG = cv2.imencode(".png", CROP)[1].tobytes()


def events(rows: int = 4) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "gate": ["entrance"] * rows,
            "at": [NOON + dt.timedelta(seconds=n) for n in range(rows)],
            "direction": ["in"] * rows,
            "basis": ["track"] * rows,
        },
        schema=GATE_EVENTS.schema,
    )


def positions(rows: int = 128) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "trajectory": [0] * rows,
            "at": [NOON + dt.timedelta(seconds=n) for n in range(rows)],
            "x_m": [5.125] * rows,
            "y_m": [6.125] * rows,
        },
        schema=ANONYMISED_TRAJECTORIES.schema,
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", load_site(Path("examples/arcade")))


def materialise(lake: Lake, contract: Contract, frame: pl.DataFrame, **metadata: object) -> bool:
    """Let an asset of the contract's name return `frame` in a real Dagster run."""
    plan = SitePlan(lake.site)

    @dg.asset(
        key=plan.key(contract.name), partitions_def=plan.camera_days, io_manager_key=IO_MANAGER
    )
    def planted() -> dg.Output[pl.DataFrame]:
        return dg.Output(frame, metadata=metadata)  # type: ignore[arg-type]

    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(plan.cameras.name or "", [CAMERA])
    return dg.materialize(
        [planted],
        partition_key=PARTITION,
        instance=instance,
        resources={IO_MANAGER: LakeIOManager(lake)},
        raise_on_error=False,
    ).success


def encoded(content: bytes, rows: int) -> list[str]:
    text = base64.b64encode(content).decode()
    return [text] * rows


FRAMES: dict[str, tuple[Contract, Callable[[], pl.DataFrame]]] = {
    "a face crop in a BLOB column": (
        GATE_EVENTS,
        lambda: events().with_columns(crop=pl.Series([JPEG] * 4, dtype=pl.Binary)),
    ),
    "an embedding in a list column": (
        GATE_EVENTS,
        lambda: events().with_columns(vector=pl.Series([EMBEDDING.tolist()] * 4)),
    ),
    "an embedding in a fixed array column": (
        GATE_EVENTS,
        lambda: events().with_columns(
            v=pl.Series([EMBEDDING.tolist()] * 4, dtype=pl.Array(pl.Float32, 128))
        ),
    ),
    "an embedding in a struct column": (
        GATE_EVENTS,
        lambda: events().with_columns(v=pl.struct(a=pl.lit(0.25), b=pl.lit(0.5))),
    ),
    "an embedding over numbered float columns": (
        GATE_EVENTS,
        lambda: events().with_columns(
            **{f"f{n}": pl.lit(float(value)) for n, value in enumerate(EMBEDDING)}
        ),
    ),
    "a quantised embedding in an int8 list": (
        GATE_EVENTS,
        lambda: events().with_columns(
            v=pl.Series([(EMBEDDING * 40).astype(np.int8).tolist()] * 4, dtype=pl.List(pl.Int8))
        ),
    ),
    "raw pixels as hex in a contract column": (
        GATE_EVENTS,
        lambda: events().with_columns(direction=pl.Series([CROP.tobytes().hex()] * 4)),
    ),
    "a face crop as base64 in the gate's name": (
        GATE_EVENTS,
        lambda: events().with_columns(gate=pl.Series(encoded(JPEG, 4))),
    ),
    "a face crop as base64 in a file name": (
        CAMERA_EXPORTS,
        lambda: CAMERA_EXPORTS.empty().vstack(
            pl.DataFrame(
                [
                    {
                        "export": 0,
                        "file_name": encoded(JPEG, 1)[0],
                        "sha256": "0" * 64,
                        "size_bytes": 1,
                        "started_at": NOON,
                        "clock_source": "name",
                        "status": "quarantined",
                        "reason": "unreadable",
                    }
                ],
                schema=CAMERA_EXPORTS.schema,
            )
        ),
    ),
    "an embedding in the coordinates themselves": (
        ANONYMISED_TRAJECTORIES,
        lambda: positions().with_columns(x_m=pl.Series(EMBEDDING + 5)),
    ),
    "an embedding in the low bits of coordinates": (
        ANONYMISED_TRAJECTORIES,
        lambda: positions().with_columns(x_m=pl.col("x_m") + pl.Series(EMBEDDING * 1e-5)),
    ),
    "an embedding in the microseconds of timestamps": (
        ANONYMISED_TRAJECTORIES,
        lambda: positions().with_columns(
            at=pl.col("at")
            + pl.duration(microseconds=pl.Series((np.abs(EMBEDDING) * 1000).astype(np.int64)))
        ),
    ),
    "an embedding in ids": (
        ANONYMISED_TRAJECTORIES,
        lambda: positions().with_columns(
            trajectory=pl.Series((np.abs(EMBEDDING) * 1e6).astype(np.int32))
        ),
    ),
    "an embedding under a contract name with another type": (
        GATE_EVENTS,
        lambda: events().with_columns(at=pl.Series([EMBEDDING.tolist()] * 4)),
    ),
    "times of another day that spell an embedding": (
        GATE_EVENTS,
        lambda: events().with_columns(
            at=pl.col("at") + pl.duration(days=pl.Series((EMBEDDING[:4] * 100).astype(np.int64)))
        ),
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_with_a_leak_is_refused_and_nothing_is_stored(name: str, lake: Lake) -> None:
    contract, plant = FRAMES[name]
    assert not materialise(lake, contract, plant())
    assert [path for path in lake.root.rglob("*") if path.suffix == ".parquet"] == []


METADATA: dict[str, object] = {
    "an array of floats": EMBEDDING.tolist(),
    "an array in JSON": {"v": EMBEDDING.tolist()},
    "a face crop as base64 text": base64.b64encode(JPEG).decode(),
    "a face crop as a Markdown picture": dg.MetadataValue.md(
        f"![face](data:image/png;base64,{base64.b64encode(PNG).decode()})"
    ),
    "a face crop inside a drawn plot": dg.MetadataValue.md(
        "![plot](data:image/svg+xml;base64,"
        + base64.b64encode(
            b"<?xml version='1.0'?><svg><image href='data:image/png;base64,"
            + base64.b64encode(PNG)
            + b"'/></svg>"
        ).decode()
        + ")"
    ),
    "a face crop as one large integer": int.from_bytes(JPEG[:7] * 2),
    "a face crop as wrapped text": dg.MetadataValue.md(
        "\n".join(
            base64.b64encode(JPEG).decode()[n : n + 60] for n in range(0, 4 * len(JPEG) // 3, 60)
        )
    ),
    "an embedding as words of Markdown": dg.MetadataValue.md(
        " ".join(f"{value:.3f}" for value in EMBEDDING)
    ),
    "an embedding in a comment of a drawn plot": dg.MetadataValue.md(
        "![plot](data:image/svg+xml;base64,"
        + base64.b64encode(
            b"<svg><!-- " + EMBEDDING.tobytes().hex().encode() + b" --></svg>"
        ).decode()
        + ")"
    ),
    "an embedding in a description of a drawn plot": dg.MetadataValue.md(
        "![plot](data:image/svg+xml;base64,"
        + base64.b64encode(
            b"<svg><desc>" + EMBEDDING.tobytes().hex().encode() + b"</desc></svg>"
        ).decode()
        + ")"
    ),
    "a face crop in a link": dg.MetadataValue.url("data:image/jpeg;base64,AAAA"),
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata_with_a_leak_is_refused(name: str, lake: Lake) -> None:
    assert not materialise(lake, GATE_EVENTS, events(), planted=METADATA[name])
    assert [path for path in lake.root.rglob("*") if path.suffix == ".parquet"] == []


def test_an_embedding_over_numbered_metadata_entries_is_refused(lake: Lake) -> None:
    entries = {f"f{n}": float(value) for n, value in enumerate(EMBEDDING)}
    assert not materialise(lake, GATE_EVENTS, events(), **entries)


def test_a_face_crop_in_the_name_of_an_entry_is_refused(lake: Lake) -> None:
    assert not materialise(lake, GATE_EVENTS, events(), **{base64.b64encode(JPEG).decode(): 1})


def test_a_payload_in_a_receipt_unvouches_the_file(lake: Lake) -> None:
    camera_day = CameraDay(DAY, CAMERA)
    lake.write(GATE_EVENTS, camera_day, events())
    (receipt,) = lake.folder("gate_events", camera_day).glob("*.json")
    told = receipt.read_text()
    receipt.write_text(told.replace('"rows"', f'"rows": 4,\n "{JPEG[:40].hex()}": 1, "rows"'))
    with pytest.raises(Refused):
        lake.read(GATE_EVENTS, camera_day)
    receipt.write_text(told + " " * 4096)
    with pytest.raises(Refused):
        lake.read(GATE_EVENTS, camera_day)


def test_a_file_above_the_partition_is_found(lake: Lake) -> None:
    camera_day = CameraDay(DAY, CAMERA)
    lake.write(GATE_EVENTS, camera_day, events())
    (lake.root / "gate_events" / "face.jpg").write_bytes(JPEG)
    assert lake.strangers(GATE_EVENTS, camera_day) == [f"a stranger of {len(JPEG)} bytes above it"]


def _with_key_values(content: bytes) -> bytes:
    table = pq.read_table(pa.BufferReader(content))
    target = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"face": base64.b64encode(JPEG)}), target)
    return target.getvalue()


FILES: dict[str, Callable[[bytes], bytes]] = {
    "a face crop in Parquet key-value metadata": _with_key_values,
    "a face crop behind the footer": lambda content: content + JPEG,
    "a face crop between the magic and the first page": lambda content: (
        content[:4] + JPEG + content[4:]
    ),
    "a picture under the name of a Parquet file": lambda _content: PNG,
}


@pytest.mark.parametrize("name", FILES)
def test_a_pending_file_with_a_leak_is_refused_and_deleted(name: str, lake: Lake) -> None:
    camera_day = CameraDay(DAY, CAMERA)
    pending = lake.root / "pending.parquet"
    pending.parent.mkdir(parents=True)
    pending.write_bytes(FILES[name](wall.encode(events())))
    final = lake.folder("gate_events", camera_day) / wall.PART
    with pytest.raises(Refused):
        wall.admit(pending, final, GATE_EVENTS, lake.bounds(camera_day), str(camera_day))
    assert not pending.exists()
    assert not final.exists()


@pytest.mark.parametrize("name", FILES)
def test_a_file_put_past_the_wall_cannot_be_read(name: str, lake: Lake) -> None:
    camera_day = CameraDay(DAY, CAMERA)
    lake.write(GATE_EVENTS, camera_day, events())
    part = lake.folder("gate_events", camera_day) / wall.PART
    part.write_bytes(FILES[name](part.read_bytes()))
    with pytest.raises(Refused):
        lake.read(GATE_EVENTS, camera_day)
    assert lake.strangers(GATE_EVENTS, camera_day)


@pytest.mark.parametrize(
    ("file_name", "content"),
    [("face.jpg", JPEG), ("notes.txt", PNG), ("vectors.npy", EMBEDDING.tobytes())],
    ids=["a picture", "a picture under another name", "a vector file"],
)
def test_a_file_beside_an_admitted_one_is_found(file_name: str, content: bytes, lake: Lake) -> None:
    camera_day = CameraDay(DAY, CAMERA)
    lake.write(GATE_EVENTS, camera_day, events())
    assert lake.strangers(GATE_EVENTS, camera_day) == []
    (lake.folder("gate_events", camera_day) / file_name).write_bytes(content)
    assert lake.strangers(GATE_EVENTS, camera_day) == [f"a file of {len(content)} bytes"]


def test_clean_rows_pass_and_read_back(lake: Lake) -> None:
    assert materialise(lake, GATE_EVENTS, events(), crossings=4)
    assert lake.read(GATE_EVENTS, CameraDay(DAY, CAMERA)).equals(events())


REFUSED: dict[str, Callable[[Lake], bool]] = {
    "by its rows": lambda lake: materialise(
        lake, GATE_EVENTS, events().with_columns(crop=pl.lit(JPEG))
    ),
    "by its metadata": lambda lake: materialise(
        lake, GATE_EVENTS, events(), planted=EMBEDDING.tolist()
    ),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_partition_whose_last_write_was_refused_is_not_read_until_one_passes(
    how: str, lake: Lake
) -> None:
    camera_day = CameraDay(DAY, CAMERA)
    assert materialise(lake, GATE_EVENTS, events())
    assert not REFUSED[how](lake)
    with pytest.raises(Refused, match="last write"):
        lake.read(GATE_EVENTS, camera_day)
    assert lake.failed(DAY) == {CAMERA}
    assert lake.strangers(GATE_EVENTS, camera_day) == []
    assert materialise(lake, GATE_EVENTS, events(5))
    assert lake.read(GATE_EVENTS, camera_day).equals(events(5))
    assert lake.failed(DAY) == frozenset()


def test_a_note_of_a_refusal_with_anything_else_in_it_is_a_stranger(lake: Lake) -> None:
    camera_day = CameraDay(DAY, CAMERA)
    lake.refuse(GATE_EVENTS, camera_day)
    (note,) = lake.folder("gate_events", camera_day).iterdir()
    note.write_text(note.read_text() + JPEG.hex())
    assert lake.strangers(GATE_EVENTS, camera_day)


def test_a_receipt_of_another_partition_does_not_vouch(lake: Lake) -> None:
    lake.write(GATE_EVENTS, CameraDay(DAY, CAMERA), events())
    source = lake.folder("gate_events", CameraDay(DAY, CAMERA))
    target = lake.folder("gate_events", CameraDay(dt.date(2026, 3, 13), CAMERA))
    target.mkdir(parents=True)
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    with pytest.raises(Refused):
        lake.read(GATE_EVENTS, CameraDay(dt.date(2026, 3, 13), CAMERA))


def test_nothing_written_is_not_the_same_as_nobody_there(lake: Lake) -> None:
    with pytest.raises(NotMaterialised):
        lake.read(GATE_EVENTS, CameraDay(DAY, CAMERA))
