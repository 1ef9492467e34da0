"""Space of a SQLite file that no row uses."""

import base64
import hashlib
import os
import random
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from footfall_dagster.privacy.raw import raw_trouble
from footfall_dagster.privacy.sqlite_pages import LOGS, NotSqlite, pages, unused

INNER_PAGE_OF_A_TABLE = 0x05
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 60


def database(path: Path, *, secure: bool) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA secure_delete = {'ON' if secure else 'OFF'}")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, content BLOB)")
        for content in (b"a", PICTURE, PICTURE, b"b"):
            connection.execute("INSERT INTO t (content) VALUES (?)", (content,))
        connection.commit()
        connection.execute("DELETE FROM t WHERE length(content) > 1")
        connection.commit()


def test_deleted_rows_are_found_in_free_pages(tmp_path: Path) -> None:
    database(tmp_path / "a.db", secure=False)
    found = [place for place, content in unused(tmp_path / "a.db") if raw_trouble(content)]
    assert any(place.startswith("free page") for place in found)


def test_where_sqlite_overwrites_what_it_deletes_there_is_nothing(tmp_path: Path) -> None:
    database(tmp_path / "a.db", secure=True)
    assert [place for place, content in unused(tmp_path / "a.db") if raw_trouble(content)] == []


def test_a_file_that_is_too_large_to_be_looked_through_is_no_pass(tmp_path: Path) -> None:
    database(tmp_path / "a.db", secure=True)
    os.truncate(tmp_path / "a.db", 100 * 2**30)
    with pytest.raises(OSError, match="larger than any database"):
        next(unused(tmp_path / "a.db"))


def test_bytes_behind_the_last_page_are_found(tmp_path: Path) -> None:
    database(tmp_path / "a.db", secure=True)
    with (tmp_path / "a.db").open("ab") as file:
        file.write(PICTURE[:500])
    assert [place for place, _ in unused(tmp_path / "a.db")][-1] == "after the last page"


def test_what_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(PICTURE)
    with pytest.raises(NotSqlite):
        list(unused(tmp_path / "a.db"))


@pytest.mark.parametrize(
    "plain", [b"", b"\0" * 5000, b'{"rows": 12, "note": "every camera delivered the day"}' * 20]
)
def test_remains_of_plain_text_are_nothing(plain: bytes) -> None:
    assert raw_trouble(plain) is None


def test_a_drawn_plot_cut_anywhere_is_nothing_and_a_picture_is() -> None:
    svg = b"<svg>" + b"<path d='M 1.5 2.5 L 3 4'/>" * 40 + b"</svg>"
    encoded = base64.b64encode(svg)
    assert raw_trouble(encoded[7:]) is None
    assert raw_trouble(base64.b64encode(PICTURE[:2000])[3:]) is not None


DRAWING = base64.b64encode(b"<svg><path d='M 1.5 2.5 L 3 4'/>" + b" " * 900 + b"</svg>").decode()
HIDDEN = random.Random(7).randbytes(400)


def rows() -> Iterator[tuple[str, ...]]:
    """Rows such as Dagster writes, in an order that makes SQLite move them."""
    rng = random.Random(8)
    for number in range(600):
        run = str(uuid.UUID(int=rng.getrandbits(128)))
        digest = hashlib.sha256(run.encode()).hexdigest()
        event = f'{{"__class__": "TargetMaterializationData", "md_str": "![a](data:{DRAWING})"}}'
        asset = rng.choice(['["arcade", "zone_visits"]', '["arcade", "camera_exports"]'])
        told = rng.choice(["retention", "dagster/data_version", "ASSET_MATERIALIZATION"])
        day = f"2026-03-{number % 28 + 1:02} 22:53:56.403097"
        yield run, digest[:40], "site_day", "SUCCESS", event, asset, told, digest, day


def of_runs(path: Path, *, log: bool = False) -> sqlite3.Connection:
    """A database of such rows, with an index over some of their columns."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute(f"PRAGMA journal_mode = {'WAL' if log else 'DELETE'}")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE runs (run, snapshot, job, status, event, asset, a, b, day)")
    connection.execute("CREATE INDEX by_asset ON runs (asset, a, b, run)")
    connection.executemany(f"INSERT INTO runs VALUES ({', '.join('?' * 9)})", rows())
    connection.commit()
    return connection


def test_rows_cut_anywhere_are_nothing(tmp_path: Path) -> None:
    of_runs(tmp_path / "a.db").close()
    rng = random.Random(9)
    for page in pages((tmp_path / "a.db").read_bytes()):
        start, end = sorted(rng.choices(range(len(page) + 1), k=2))
        assert raw_trouble(page[start:end]) is None, page[start:end]


@pytest.mark.parametrize("encode", [base64.b64encode, base64.b32encode, lambda one: one.hex()])
def test_what_a_deleted_row_held_encoded_is_found(
    tmp_path: Path, encode: Callable[[bytes], bytes | str]
) -> None:
    with closing(of_runs(tmp_path / "a.db")) as connection:
        connection.execute("UPDATE runs SET b = ? WHERE rowid = 300", (encode(HIDDEN[:96]),))
        connection.execute("DELETE FROM runs WHERE rowid = 300")
        connection.commit()
    found = {raw_trouble(piece) for _, piece in unused(tmp_path / "a.db")}
    assert found == {None, "encoded text"}


def test_a_log_in_use_is_nothing_and_what_is_hidden_in_it_is_found(tmp_path: Path) -> None:
    log = tmp_path / "a.db-wal"
    with closing(of_runs(tmp_path / "a.db", log=True)) as connection:
        kinds = [raw_trouble(page) for page in pages(log.read_bytes())]
        assert len(kinds) > 200
        assert set(kinds) == {None}
        for value in (HIDDEN, base64.b64encode(HIDDEN).decode()):
            connection.execute("UPDATE runs SET event = ? WHERE rowid = 300", (value,))
            connection.commit()
        kinds = [raw_trouble(page) for page in pages(log.read_bytes())]
        assert set(kinds) == {None, "bytes", "encoded text"}


def test_pointers_to_cells_and_links_to_pages_are_left_out(tmp_path: Path) -> None:
    numbers = random.Random(9).sample(range(20_000), 2000)
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, content TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", ((n, "a" * 3000) for n in numbers))
        connection.commit()
    content = (tmp_path / "a.db").read_bytes()
    whole = [content[at : at + 4096] for at in range(0, len(content), 4096)]
    inner = [number for number, page in enumerate(whole) if page[0] == INNER_PAGE_OF_A_TABLE]
    rest = list(pages(content))
    assert sum(_filled(whole[number]) for number in inner) > 10_000
    assert sum(_filled(rest[number]) for number in inner) < 500
    assert sum(_filled(piece) for _, piece in unused(tmp_path / "a.db")) < 500


def _filled(content: bytes) -> int:
    return len(content) - content.count(0)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", PICTURE, LOGS[0]])
def test_what_is_neither_database_nor_log_comes_as_it_is(content: bytes) -> None:
    assert b"".join(pages(content)) == content
