"""The search of folders: containers in containers, clean files, hostile files, names that tell."""

import base64
import bz2
import gzip
import hashlib
import io
import json
import os
import pickle
import sqlite3
import tarfile
import uuid
import zipfile
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from PIL import Image

from footfall_dagster import listing
from footfall_dagster.privacy.search import Limits, api, files, search, worker
from footfall_dagster.privacy.search.limits import DEFAULT
from footfall_dagster.privacy.search.readers import Reader, Readers
from vision.contracts_ingest import CAMERA_EXPORTS

RNG = np.random.default_rng(2)
VECTOR = (RNG.normal(size=128) / 11).astype(np.float32)


def _picture(form: str) -> bytes:
    x, y = np.meshgrid(np.arange(48), np.arange(48))
    shades = (120 + 60 * np.sin(x / 9) + 50 * np.cos(y / 11)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(shades).convert("RGB").save(buffer, format=form)
    return buffer.getvalue()


def _zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", content)
    return buffer.getvalue()


def _tarred(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        told = tarfile.TarInfo("a")
        told.size = len(content)
        archive.addfile(told, io.BytesIO(content))
    return buffer.getvalue()


def _look(path: Path, content: bytes, limits: Limits = DEFAULT) -> tuple[set[str], list[str]]:
    """Kinds found in a file, and why it was not read."""
    path.write_bytes(content)
    answer = worker.look(path, path.name, limits)
    return {kind for _, kind, _ in answer["found"]}, [why for _, why in answer["unread"]]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM"])
def test_a_picture_of_any_format_is_found_in_the_middle_of_a_file(
    tmp_path: Path, form: str
) -> None:
    found, _ = _look(tmp_path / "a", b"\x01\0" * 40 + _picture(form))
    known = {"AVIF": "heif", "PPM": "netpbm"}
    assert known.get(form, form.lower()) in found


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda b: _zipped(_zipped(b)), id="zip in zip"),
        pytest.param(lambda b: gzip.compress(_tarred(b)), id="tar under gzip"),
        pytest.param(bz2.compress, id="bzip2"),
        pytest.param(lambda b: b"<html></html>" + _zipped(b), id="page and archive"),
        pytest.param(lambda b: base64.b64encode(gzip.compress(b)), id="gzip in base64"),
        pytest.param(base64.encodebytes, id="wrapped base64"),
        pytest.param(lambda b: b"crop " + b.hex().encode(), id="hex"),
        pytest.param(base64.b85encode, id="base85"),
        pytest.param(base64.a85encode, id="ascii85"),
        pytest.param(lambda b: f"KeyError: {b!r}".encode(), id="escaped"),
        pytest.param(lambda b: json.dumps({"a": f"{b!r}"}).encode(), id="escaped in JSON"),
        pytest.param(lambda b: pickle.dumps({"a": [b]}), id="pickle"),
    ],
)
def test_a_picture_is_found_in_whatever_it_is_wrapped(
    tmp_path: Path, wrap: Callable[[bytes], bytes]
) -> None:
    assert "jpeg" in _look(tmp_path / "a", wrap(_picture("JPEG")))[0]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps(VECTOR.tolist()), id="JSON"),
        pytest.param(str(VECTOR), id="as numpy prints"),
        pytest.param("\n".join(f"12:00 drift {v:.3f}" for v in VECTOR), id="a line each"),
        pytest.param(json.dumps({f"d{n}": float(v) for n, v in enumerate(VECTOR)}), id="fields"),
        pytest.param("[" * 10_000 + str(VECTOR.tolist()) + "]" * 10_000, id="deep"),
        pytest.param(VECTOR.tobytes().hex(), id="hex"),
        pytest.param(base64.urlsafe_b64encode(VECTOR.tobytes()).decode(), id="base64"),
        pytest.param(base64.b32encode(VECTOR.tobytes()).decode().lower(), id="base32"),
        pytest.param(VECTOR.tobytes().hex(" "), id="hex pairs"),
        pytest.param("".join(f"{byte:08b}" for byte in VECTOR.tobytes()), id="bits"),
        pytest.param("".join(f"&#{byte};" for byte in VECTOR.tobytes()), id="entities"),
        pytest.param("".join(chr(0x4E00 + byte) for byte in VECTOR.tobytes()), id="code points"),
        pytest.param("\n".join(v.hex() for v in VECTOR.tolist()), id="floats in hex"),
        pytest.param(";".join(f"{v:.4f}".replace(".", ",") for v in VECTOR), id="decimal commas"),
        pytest.param(
            "\n".join(f"{'abcdefgh'[n % 8]} {v:.4f}" for n, v in enumerate(VECTOR)), id="words"
        ),
    ],
)
def test_a_vector_is_found_in_text(tmp_path: Path, text: str) -> None:
    assert "vector" in _look(tmp_path / "a", text.encode())[0]


def test_hashes_and_ids_of_runs_are_no_vectors_and_vectors_cut_to_their_length_are_found(
    tmp_path: Path,
) -> None:
    hashes = "\n".join(hashlib.sha256(b"%d" % n).hexdigest() for n in range(500))
    runs = "\n".join(f"{uuid.UUID(int=n << 64 | 4 << 76)} {uuid.uuid4().hex}" for n in range(500))
    assert _look(tmp_path / "a", f"{hashes}\n{runs}".encode()) == (set(), [])
    cut = np.round(RNG.normal(size=512) * 36).astype(np.int8).tobytes()
    posing = "\n".join(cut[n : n + 32].hex() for n in range(0, 512, 32))
    assert "encoded text" in _look(tmp_path / "b", posing.encode())[0]


def test_a_vector_spread_over_small_files_or_names_is_found(tmp_path: Path) -> None:
    for root in ("contents", "names"):
        (tmp_path / root).mkdir()
    for number, value in enumerate(VECTOR.tolist()):
        (tmp_path / "contents" / f"{number:03}").write_text(f"{value:.4f}")
        (tmp_path / "names" / f"{number:03}_{value:+.4f}").touch()
    for root in ("contents", "names"):
        assert "vector" in {one.kind for one in search({root: tmp_path / root}).findings}


def test_blocks_of_a_duckdb_file_that_nothing_uses_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as connection:
        for name in ("gone", "kept"):
            connection.execute(f"CREATE TABLE {name} AS SELECT range AS n FROM range(9)")
            connection.execute("CHECKPOINT")
    assert search({"marts": tmp_path}).passed
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE gone")
    assert {one.kind for one in search({"marts": tmp_path}).findings} == {"bytes that no row owns"}


def test_rows_that_were_deleted_from_a_database_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE t (v BLOB)")
        connection.executemany("INSERT INTO t VALUES (?)", [(VECTOR.tobytes(),)] * 30)
        connection.commit()
        connection.execute("DROP TABLE t")
        connection.commit()
    assert "vector" in {kind for _, kind, _ in worker.look(path, "a.db", DEFAULT)["found"]}


def test_links_between_pages_and_ends_of_moved_rows_are_no_vectors(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    numbers = [int(number) for number in RNG.permutation(np.arange(3600, 7600))]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA page_size = 512")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        # Behind so many pages a link looks like two components of 16 bits.
        connection.execute("CREATE TABLE before AS SELECT zeroblob(3700000) AS content")
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, event TEXT)")
        rows = ((number, '{"note": "every camera delivered the day"} ' * 9) for number in numbers)
        connection.executemany("INSERT INTO events VALUES (?, ?)", rows)
        connection.commit()
        log = path.with_name("a.db-wal").read_bytes()
    assert _look(tmp_path / "b", log) == (set(), [])
    assert _look(path, path.read_bytes()) == (set(), [])


def test_clean_tables_pass_and_a_column_of_vectors_does_not(tmp_path: Path) -> None:
    clean = pl.DataFrame(
        {
            "gate": ["entrance", "bakery_door"] * 200,
            "entries": RNG.poisson(5, 400),
            "share": RNG.integers(0, 60, 400) / 60,
        }
    )
    clean.write_parquet(tmp_path / "clean.parquet")
    with duckdb.connect(str(tmp_path / "clean.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT range AS n, range % 7 / 15 AS s FROM range(900)"
        )
    assert search({"marts": tmp_path}).passed
    clean.with_columns(v=pl.lit(VECTOR.tolist())).write_parquet(tmp_path / "more.parquet")
    (finding, *_) = search({"marts": tmp_path}).findings
    assert (finding.file, finding.kind) == ("marts/more.parquet", "vector")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_zipped(bytes(30_000_000)), id="bomb"),
        pytest.param(b"PAR1" + bytes(range(1, 200)) * 4, id="truncated Parquet"),
        pytest.param(b"SQLite format 3\0" + b"\1" * 5000, id="broken SQLite"),
        pytest.param(bytes(8) + b"DUCK" + b"\1" * 9000, id="broken DuckDB"),
        pytest.param(gzip.compress(RNG.bytes(9000))[:-900], id="cut gzip"),
    ],
)
def test_what_cannot_be_read_to_its_end_is_said(tmp_path: Path, content: bytes) -> None:
    _, unread = _look(tmp_path / "a", content, Limits(unpacked_bytes=20_000_000))
    assert unread


def test_containers_nested_beyond_the_limit_are_said(tmp_path: Path) -> None:
    content = b"nothing but a few plain words"
    for _ in range(20):
        content = _zipped(content)
    assert _look(tmp_path / "a", content)[1]


def test_a_large_hole_is_not_read_and_not_passed(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    os.truncate(tmp_path / "a", 100 * 10**9)
    evidence = search({"lake": tmp_path})
    assert not evidence.passed
    assert not evidence.findings


def test_links_and_pipes_are_findings_and_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe")
    assert [one.kind for one in search({"lake": tmp_path}).findings] == ["link", "no plain file"]


def test_a_pickle_is_not_executed(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
            return os.mkdir, (str(tmp_path / "done"),)

    _look(tmp_path / "a", pickle.dumps(Hostile()))
    assert not (tmp_path / "done").exists()


@pytest.mark.parametrize(
    "name",
    [
        "cam_till/cam_till_20260309_10{:02}00.mp4",
        "cam_10{:02}.mp4",
        "Video/{:02}.mp4",
        "North/{}.a",
    ],
)
def test_names_of_an_hour_of_recordings_are_no_pickle(tmp_path: Path, name: str) -> None:
    """By its letters, a line that begins with c would be an import."""
    names = "\n".join(name.format(minute) for minute in range(60))
    assert _look(tmp_path / "names.txt", names.encode()) == (set(), [])
    table = pl.DataFrame({"export": range(60), "file_name": names.splitlines()})
    table.write_parquet(tmp_path / "part.parquet")
    assert _look(tmp_path / "x.parquet", (tmp_path / "part.parquet").read_bytes()) == (set(), [])


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(" ".join(str(10_000_019 * n) for n in range(1, 16)), id="a number too few"),
        pytest.param("\\\\\\\\x7f" * 23, id="an escaped byte too few"),
    ],
)
def test_what_is_nearly_a_row_is_read_like_any_text(tmp_path: Path, line: str) -> None:
    """In time: tried in every way, one such line of a log takes hours."""
    assert _look(tmp_path / "run.log", f"sizes {line} end\n".encode() * 9) == (set(), [])


def test_a_reader_that_takes_too_long_leaves_an_unread_file_and_the_next_is_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").write_bytes(b"[" * 3_000_000)
    evidence = search({"lake": tmp_path}, Limits(file_seconds=0.0))
    assert {one.kind for one in evidence.unread} == {"could not be read: took too long"}


def test_a_reader_that_the_kernel_does_not_let_die_is_left_to_it(
    tmp_path: Path, held_by_the_kernel: list[float | None]
) -> None:
    (tmp_path / "a").write_bytes(b"[" * 3_000_000)
    evidence = search({"lake": tmp_path}, Limits(file_seconds=0.0))
    assert {one.kind for one in evidence.unread} == {"could not be read: took too long"}
    assert held_by_the_kernel
    assert None not in held_by_the_kernel


def test_a_finding_masks_a_name_that_may_carry_something_and_finds_it(tmp_path: Path) -> None:
    name = VECTOR.astype(np.float16).tobytes()[:110].hex()
    (tmp_path / name).touch()
    (finding, *_) = search({"lake": tmp_path}).findings
    assert finding.file == f"lake/<{len(name)} characters>"


def test_what_is_left_out_is_not_searched(tmp_path: Path) -> None:
    (tmp_path / "tracks").mkdir()
    (tmp_path / "tracks" / "a").write_bytes(_picture("PNG"))
    assert not search({"lake": tmp_path}).passed
    assert search({"lake": tmp_path}, leave_out=[tmp_path / "tracks"]).passed


def test_tables_without_rows_are_no_finding_together(tmp_path: Path) -> None:
    for number in range(4):
        pl.DataFrame({f"counts_{number}": []}, schema={f"counts_{number}": pl.Int32}).write_parquet(
            tmp_path / f"{number}.parquet"
        )
        assert (tmp_path / f"{number}.parquet").stat().st_size <= worker.SMALL
    assert search({"lake": tmp_path}).passed


def test_what_polars_says_of_many_columns_is_no_finding_and_anything_in_its_place_is(
    tmp_path: Path,
) -> None:
    buffer = io.BytesIO()
    CAMERA_EXPORTS.empty().write_parquet(buffer)
    content = buffer.getvalue()
    assert _look(tmp_path / "part.parquet", content) == (set(), [])
    said = pq.read_metadata(io.BytesIO(content)).metadata[b"ARROW:schema"]
    vector = base64.b64encode(VECTOR.tobytes() * 4)
    planted = content.replace(said, vector[: len(said)].ljust(len(said), b"="))
    assert _look(tmp_path / "planted.parquet", planted) != (set(), [])


def _filtered(path: Path) -> tuple[bytes, int, int]:
    """A mart as DuckDB writes it, and where the Bloom filter of one of its columns lies."""
    rows = "SELECT 'cam_' || (i % 20) AS camera, (i % 400) / 4 AS minutes FROM range(4000) AS t(i)"
    duckdb.sql(rows).write_parquet(str(path))
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(1)
    return path.read_bytes(), chunk.bloom_filter_offset, chunk.bloom_filter_length


def test_the_bloom_filters_that_duckdb_writes_are_no_finding(tmp_path: Path) -> None:
    content, _, length = _filtered(tmp_path / "mart.parquet")
    assert length > len(VECTOR.tobytes())
    assert _look(tmp_path / "x.parquet", content) == (set(), [])


@pytest.mark.parametrize(
    "hidden", [VECTOR.tobytes(), _picture("JPEG")], ids=["a vector", "a picture"]
)
def test_what_lies_where_a_bloom_filter_should_is_found(tmp_path: Path, hidden: bytes) -> None:
    content, begin, length = _filtered(tmp_path / "mart.parquet")
    planted = content[:begin] + hidden[:length].ljust(length, b"\0") + content[begin + length :]
    assert _look(tmp_path / "x.parquet", planted)[0]


def test_several_processes_find_what_one_does_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        content = _picture("JPEG") if number % 5 == 0 else b"nothing " * 20
        (tmp_path / f"file_{chr(97 + number)}").write_bytes(content)
    os.mkfifo(tmp_path / "pipe")
    alone = search({"home": tmp_path})
    started: list[int] = []

    class Counted(Readers):
        def __init__(self, number: int, limits: Limits = DEFAULT) -> None:
            super().__init__(number, limits)
            started.append(number)

    monkeypatch.setattr(api, "Readers", Counted)
    monkeypatch.setattr(api, "_FILES_EACH", 3)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 2, 5})
    together = search({"home": tmp_path})
    assert started == [3]
    assert replace(together, seconds=0) == replace(alone, seconds=0)
    assert [one.file[-1] for one in together.findings if one.kind == "jpeg"] == ["a", "f", "k"]
    assert together.files == 12


def test_a_root_is_listed_in_its_turn_and_its_files_are_handed_out_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        for number in range(25):
            (tmp_path / name / f"{number}").write_text("nothing")
    waiting: list[Future[Any]] = []
    most: list[int] = []
    listed: list[tuple[str, int]] = []

    class Pool(ThreadPoolExecutor):
        def submit(self, *asked: Any, **more: Any) -> Future[Any]:
            waiting[:] = [one for one in waiting if not one.done()]
            waiting.append(super().submit(*asked, **more))
            most.append(len(waiting))
            return waiting[-1]

    class Told(Reader):
        def put(self, question: dict[str, Any]) -> dict[str, Any]:
            return {"bytes": 0, "rows": 0, "found": [], "unread": []}

    def walk(root: Path, left_out: Collection[Path]) -> Iterator[files.Met]:
        listed.append((root.name, len(most)))
        yield from met(root, left_out)

    met = files.walk
    monkeypatch.setattr(listing, "ThreadPoolExecutor", Pool)
    monkeypatch.setattr(files, "walk", walk)
    monkeypatch.setattr(listing, "_TOGETHER", 5)
    roots = {"one": tmp_path / "first", "two": tmp_path / "second"}
    assert search(roots, reader=Told()).files == 50
    assert max(most) <= 5
    assert listed == [("first", 0), ("second", 25)]
