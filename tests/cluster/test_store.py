"""A lake in a bucket is the lake in a folder: written, refused, purged, objected to, searched."""

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from footfall_dagster.lake import CameraDay, NotMaterialised, Purged
from footfall_dagster.listing import Tree
from footfall_dagster.privacy import closed_list, purge, wall
from footfall_dagster.privacy.closed_list import audit
from footfall_dagster.privacy.inspection import searched
from footfall_dagster.privacy.look import Look
from footfall_dagster.privacy.objections_obeyed import obeyed
from footfall_dagster.privacy.rescan import rescan
from footfall_dagster.privacy.search import files, search
from footfall_dagster.privacy.search.api import SPECIAL
from footfall_dagster.settings import Settings
from footfall_dagster.store import entries, within
from tests.cluster.conftest import bucket_named
from tests.unit.objected_mall import DAY, DAYS, NOW, Mall, objection
from vision.contracts import ANONYMISED_TRAJECTORIES, DETECTIONS, GATE_EVENTS
from vision.objections import SEEN, Place

Grown = Callable[[Path, str], Settings]
AT_DOOR = CameraDay(DAYS[0], "cam_a")
DOOR = Place("gate", "door")


@pytest.fixture
def mall(grown: Grown, tmp_path: Path, request: pytest.FixtureRequest) -> Mall:
    """A day in a bucket of its own."""
    mall = Mall(tmp_path, stored=grown(tmp_path, bucket_named(request)))
    mall.record(DAYS[0])
    return mall


def test_rows_come_back_as_they_went(mall: Mall, tmp_path: Path) -> None:
    beside = Mall(tmp_path / "folder")
    beside.record(DAYS[0])
    for contract in (*SEEN, DETECTIONS):
        ours, theirs = (one.objecting.lake for one in (mall, beside))
        assert ours.read(contract, AT_DOOR).equals(theirs.read(contract, AT_DOOR))
        assert ours.stored_days(contract.name) == theirs.stored_days(contract.name)
        found = [path.name for path in entries(ours.folder(contract.name, AT_DOOR))]
        expected = sorted(path.name for path in theirs.folder(contract.name, AT_DOOR).iterdir())
        assert found == expected
    assert mall.objecting.lake.strangers(GATE_EVENTS, AT_DOOR) == []
    assert audit(mall.settings, mall.site, None).passed


def test_what_breaks_the_contract_is_refused_and_nothing_of_it_is_placed(mall: Mall) -> None:
    lake = mall.objecting.lake
    before = {str(path): path.read_bytes() for path in _objects(mall)}
    wrong = lake.read(GATE_EVENTS, AT_DOOR).with_columns(face=pl.lit("somebody"))
    with pytest.raises(wall.Refused, match="breaks its contract"):
        lake.write(GATE_EVENTS, AT_DOOR, wrong)
    with pytest.raises(wall.Refused, match="was refused by the privacy wall"):
        lake.read(GATE_EVENTS, AT_DOOR)
    after = {str(path): path.read_bytes() for path in _objects(mall)}
    assert {name for name in after if after[name] != before.get(name)} == {
        str(lake.folder(GATE_EVENTS.name, AT_DOOR) / wall.REFUSAL)
    }
    lake.write(GATE_EVENTS, AT_DOOR, wrong.drop("face"), "0" * 64)
    assert {str(path): path.read_bytes() for path in _objects(mall)} == before


def test_an_object_that_was_changed_or_lies_beside_is_not_read(mall: Mall) -> None:
    lake = mall.objecting.lake
    part = lake.folder(GATE_EVENTS.name, AT_DOOR) / wall.PART
    whole = part.read_bytes()
    part.write_bytes(whole + b"\n")
    with pytest.raises(wall.Refused, match="no receipt that matches"):
        lake.read(GATE_EVENTS, AT_DOOR)
    part.write_bytes(whole)
    (part.parent / "crop.npy").write_bytes(b"crop")
    with pytest.raises(wall.Refused, match="a file of 4 bytes"):
        lake.read(GATE_EVENTS, AT_DOOR)
    assert "not on the list" in str(audit(mall.settings, mall.site, None).findings)


def test_what_is_past_its_retention_is_deleted_with_a_receipt(mall: Mall) -> None:
    lake, later = mall.objecting.lake, dt.datetime.now(dt.UTC) + 10 * DAY
    receipts = list(purge.forget_partitions(lake, later))
    assert {str(one.dataset) for one in receipts} >= {DETECTIONS.name, ANONYMISED_TRAJECTORIES.name}
    with pytest.raises(Purged, match="deleted by age"):
        lake.read(DETECTIONS, AT_DOOR)
    assert entries(lake.folder(DETECTIONS.name, AT_DOOR)) == []
    for path, _ in list(lake.ledger.untold()):
        lake.ledger.told(path)
    assert list(lake.ledger.untold()) == []
    assert len(list(lake.ledger.receipts())) == len(receipts)
    assert list(purge.forget_partitions(lake, later)) == []
    assert audit(mall.settings, mall.site, None).passed


def test_an_objection_takes_the_same_rows(mall: Mall, tmp_path: Path) -> None:
    beside = Mall(tmp_path / "folder")
    beside.record(DAYS[0])
    for one in (mall, beside):
        assert one.carry_out(objection(DAYS[0], 7, DOOR)) == [DAYS[0]]
    for contract in SEEN:
        ours, theirs = (one.objecting.lake.read(contract, AT_DOOR) for one in (mall, beside))
        assert ours.equals(theirs)
    with pytest.raises(NotMaterialised, match="deleted for an objection"):
        mall.objecting.lake.read(DETECTIONS, AT_DOOR)
    assert obeyed(mall.objecting, NOW).findings == ()


def test_a_picture_in_the_bucket_is_found_wherever_it_lies(mall: Mall) -> None:
    root = mall.settings.lake.parent
    before = search({"store": root})
    picture = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (96, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(picture, "JPEG")
    hidden = root / "reports" / "site=mall" / "notes"
    hidden.write_bytes(picture.getvalue())
    found = search({"store": root})
    new = set(found.findings) - set(before.findings)
    assert {one.file for one in new} == {"store/reports/site=mall/notes"}
    assert found.files == before.files + 1
    assert found.bytes > before.bytes + len(picture.getvalue())
    assert search({"store": root}, leave_out=[root / "reports"]).findings == before.findings


def test_a_copy_of_what_was_deleted_is_found(mall: Mall) -> None:
    lake, later = mall.objecting.lake, dt.datetime.now(dt.UTC) + 10 * DAY
    part = lake.folder(ANONYMISED_TRAJECTORIES.name, AT_DOOR) / wall.PART
    copy, rows = part.read_bytes(), lake.read(ANONYMISED_TRAJECTORIES, AT_DOOR)
    list(purge.forget_partitions(lake, later))
    for path, _ in list(lake.ledger.untold()):
        lake.ledger.told(path)
    roots = searched(mall.settings, mall.home / "dagster")
    assert rescan(lake, roots, later).passed
    (lake.root.parent / "reports" / "kept").write_bytes(copy)
    found = rescan(lake, roots, later, canaries=[rows["at"].to_physical().to_numpy().tobytes()])
    assert {(one.file, one.kind) for one in found.findings} == {
        ("store/reports/kept", "a copy of a deleted file"),
        ("store/reports/kept", "canary"),
    }


def test_what_is_kept_beside_an_object_is_found(mall: Mall) -> None:
    lake = mall.objecting.lake
    part = lake.folder(GATE_EVENTS.name, AT_DOOR) / wall.PART
    part.fs.pipe(part.path, part.read_bytes(), Metadata={"note": "somebody"})  # type: ignore[union-attr]
    found = audit(mall.settings, mall.site, None).findings
    assert [one.place for one in found] == ["its attributes"]


def _objects(mall: Mall) -> list[Path]:
    return [path for path in mall.settings.lake.rglob("*") if path.is_file()]  # type: ignore[misc]


def test_looking_asks_the_bucket_a_few_times_for_each_object(
    mall: Mall, monkeypatch: pytest.MonkeyPatch
) -> None:
    from s3fs import S3FileSystem

    asked: list[str] = []
    ask = S3FileSystem._call_s3

    async def counted(files: S3FileSystem, method: str, *told: Any, **more: Any) -> Any:
        asked.append(method)
        return await ask(files, method, *told, **more)

    monkeypatch.setattr(S3FileSystem, "_call_s3", counted)
    objects = len(_objects(mall))
    asked.clear()
    look, lake = Look(), mall.objecting.lake
    closed_list.lake(look, lake, Tree(lake.root))
    assert look.files > 0
    # Two lists more, of receipts of purges and of objections.
    assert len(asked) <= objects + 3
    asked.clear()
    list(files.walk(lake.root))
    lake.stored_days(GATE_EVENTS.name)
    assert asked == ["list_objects_v2"] * 2


def _put(mall: Mall, key: str, content: bytes, **more: Any) -> None:
    """Store an object under a key as it is, which may be no path's."""
    root = mall.settings.lake.parent
    bucket, _, prefix = root.path.partition("/")  # type: ignore[union-attr]
    told = {"Bucket": bucket, "Key": f"{prefix}/{key}", "Body": content, **more}
    root.fs.call_s3("put_object", **told)  # type: ignore[union-attr]


@pytest.mark.parametrize("key", ["lake/gate_events/", "reports/a/", "warehouse/core/"])
def test_an_object_that_no_path_names_is_found(mall: Mall, key: str) -> None:
    root = mall.settings.lake.parent
    before = search({"store": root}).findings
    _put(mall, key, b"\xff\xd8\xff\xe0" * 99)
    (found,) = set(search({"store": root}).findings) - set(before)
    assert found.file.startswith(f"store/{key.partition('/')[0]}")
    assert not audit(mall.settings, mall.site, None).passed


def test_an_empty_object_that_stands_for_a_folder_is_no_finding(mall: Mall) -> None:
    for key in ("lake/", "lake/gate_events/", "reports/", "warehouse/core/"):
        _put(mall, key, b"")
    found = search({"store": mall.settings.lake.parent})
    assert not [one for one in found.findings if one.kind == SPECIAL]
    assert audit(mall.settings, mall.site, None).passed


def test_an_object_below_one_that_is_known_is_found(mall: Mall) -> None:
    part = mall.objecting.lake.folder(GATE_EVENTS.name, AT_DOOR) / wall.PART
    _put(mall, "/".join(within(part, mall.settings.lake.parent)) + "/leak", b"leak")
    found = audit(mall.settings, mall.site, None).findings
    assert [one.kind for one in found] == ["not on the list"]
