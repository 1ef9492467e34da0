"""The audit of a bucket, which holds any key: nothing hides behind what is on the list."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from upath import UPath

from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.listing import Tree
from footfall_dagster.privacy import closed_list_ducklake
from footfall_dagster.privacy.closed_list import audit
from footfall_dagster.privacy.findings import Evidence
from footfall_dagster.privacy.look import Look
from footfall_dagster.privacy.rescan import rescan
from footfall_dagster.privacy.search import files
from footfall_dagster.report_store import FolderReportStore
from footfall_dagster.settings import Settings
from footfall_dagster.store import StorePath
from tests.unit import small_mall
from tests.unit.odd_places import as_a_bucket, bucket_of, put
from tests.unit.small_mall import DAY, NOON
from vision.contracts import GATE_EVENTS

SITE = small_mall.site()
PART = f"lake/gate_events/site=mall/date={DAY}/camera=cam_a/part.parquet"
PAGE = f"reports/site=mall/{DAY}.html"
RECORD = f"privacy/records/site=mall/000001-{DAY}.json"
LEAK = b"\xff\xd8\xff\xe0" * 99


class InBucket(Settings):
    """Settings whose store is in memory, but for the marts, which would be in a DuckLake."""

    @property
    def kept(self) -> StorePath:
        return bucket_of(self.home.name)

    @property
    def warehouse(self) -> StorePath:
        return self.home / "warehouse"


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    return as_a_bucket(monkeypatch)


@pytest.fixture
def bucket(tmp_path: Path, metadata: dict[str, dict[str, str]]) -> UPath:
    """A partition, a page and what calls itself a record."""
    events = small_mall.crossings(("door", NOON, "in"))
    Lake(tmp_path / "lake", SITE).write(GATE_EVENTS, CameraDay(DAY, "cam_a"), events)
    FolderReportStore(tmp_path / "reports", "mall").write(DAY, "<p>nothing</p>")
    bucket = bucket_of(tmp_path.name)
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        put(bucket, path.relative_to(tmp_path).as_posix(), path.read_bytes())
    return bucket


def audited(home: Path) -> Evidence:
    return audit(InBucket(site=home, home=home, recordings=home / "recordings"), SITE, None)


@pytest.mark.parametrize(
    "key",
    [
        f"{PART}/leak",
        f"{PART}/",
        PART.replace("lake/", "lake//"),
        PART.replace("/part", "//part"),
        "lake/gate_events",
        "lake/gate_events/",
        f"{PAGE}/leak",
        f"{PAGE}/",
        PAGE.replace("reports/", "reports//"),
        "privacy/records/site=mall",
        f"{RECORD}/leak",
        "lake/_purged/",
    ],
)
def test_what_hides_behind_what_is_known_is_found(key: str, bucket: UPath, tmp_path: Path) -> None:
    put(bucket, RECORD, b"none")
    before = audited(tmp_path)
    assert [one.kind for one in before.findings] == ["not on the list"]
    put(bucket, key, LEAK)
    found = audited(tmp_path)
    assert len(found.findings) > 1
    assert found.unread == ()
    assert found.bytes - before.bytes >= len(LEAK)


def test_an_empty_object_that_stands_for_a_folder_is_no_finding(
    bucket: UPath, tmp_path: Path
) -> None:
    marked = ["lake/", "lake/gate_events/", f"{PART.rpartition('/')[0]}/", "reports/site=mall/"]
    for key in (*marked, "lake/new/", "privacy/records/", f"{PART.rpartition('/')[0]}/new/"):
        put(bucket, key, b"")
    found = audited(tmp_path)
    assert (found.findings, found.unread) == ((), ())
    assert not [met for met in files.walk(bucket) if not met.is_regular]
    looked = rescan(Lake(tmp_path / "lake", SITE), {"store": bucket}, small_mall.NOON)
    assert (looked.findings, looked.unread) == ((), ())


@pytest.mark.parametrize("key", ["lake/", "lake/gate_events/", "reports/new/", PART])
def test_what_is_kept_beside_any_object_is_found(
    key: str, bucket: UPath, tmp_path: Path, metadata: dict[str, dict[str, str]]
) -> None:
    if key != PART:
        put(bucket, key, b"")
    metadata[f"{bucket.path}/{key}"] = {"note": "somebody"}
    assert [one.place for one in audited(tmp_path).findings] == ["its attributes"]


def test_the_search_leaves_nothing_out_that_only_seems_to_lie_there(bucket: UPath) -> None:
    left_out = [bucket / "lake"]
    before = list(files.walk(bucket, left_out))
    put(bucket, f"/{PART}", LEAK)
    put(bucket, PART.replace("lake/", "lake//"), LEAK)
    (hidden,) = [met for met in files.walk(bucket, left_out) if met not in before]
    assert not hidden.is_regular


def test_what_no_path_names_is_nothing_that_was_looked_for(bucket: UPath, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", SITE)
    assert rescan(lake, {"store": bucket}, small_mall.NOON).passed
    put(bucket, f"{PART}/", LEAK)
    found = rescan(lake, {"store": bucket}, small_mall.NOON)
    assert [one.file for one in found.unread] == [f"store/{PART}"]


@pytest.mark.parametrize("key", ["core/a.parquet/leak", "core", "noise", "published"])
def test_nothing_hides_among_the_files_of_a_ducklake(
    key: str, tmp_path: Path, metadata: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed_list_ducklake, "held_columns", lambda *_: {})
    root = bucket_of(tmp_path.name)
    put(root, "core/a.parquet", b"rows")
    stored: Any = SimpleNamespace(
        beside=root,
        core=_Marts(root, "core"),
        published=_Marts(root, "published"),
        kept_beside=frozenset({"noise"}),
    )

    def found() -> int:
        look = Look()
        closed_list_ducklake.warehouse(look, stored, SITE, Tree(root))
        return len(look.findings)

    assert found() == 0
    put(root, key, LEAK)
    assert found() == 1


class _Marts:
    """A DuckLake without tables whose catalogue knows of one file."""

    is_there, contracts = True, ()

    def __init__(self, root: UPath, name: str) -> None:
        self.root, self.name, self.where = root, name, root / name

    @contextmanager
    def opened(self) -> Iterator[None]:
        yield None

    def files(self, _: None) -> set[str]:
        return {str(self.where / "a.parquet")}
