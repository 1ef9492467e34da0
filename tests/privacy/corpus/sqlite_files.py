"""Leaks in the pages of SQLite that no table owns any more.

Belongs here: free pages, free space, write-ahead logs. Does not belong here: rows that Dagster
wrote (`dagster_storage`).
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.privacy.corpus import content
from tests.privacy.corpus.places import index, sqlite
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


@plant("SQLite freelist", "dagster")
def vectors_in_the_pages_of_a_dropped_table(home: Home) -> None:
    with sqlite(index(home)) as connection:
        connection.execute("CREATE TABLE profiles (v BLOB)")
        connection.executemany(
            "INSERT INTO profiles VALUES (?)",
            [(content.embedding(512, seed).tobytes(),) for seed in range(20)],
        )
        connection.commit()
        connection.execute("DROP TABLE profiles")
    _still_there(index(home), content.embedding(512, 3).tobytes())


@plant("SQLite freelist", "dagster")
def a_face_in_the_free_space_of_deleted_rows(home: Home) -> None:
    runs = home.dagster / "history" / "runs.db"
    crop = content.picture(content.face(), "JPEG")
    with sqlite(runs) as connection:
        connection.execute("CREATE TABLE notes (v BLOB)")
        connection.executemany("INSERT INTO notes VALUES (?)", [(crop,)] * 8)
        connection.commit()
        connection.execute("DELETE FROM notes")
    _still_there(runs, crop)


@plant("SQLite freelist", "dagster")
def small_quantised_vectors_in_deleted_cells(home: Home) -> None:
    schedules = home.dagster / "schedules" / "schedules.db"
    with sqlite(schedules) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, v BLOB)")
        connection.executemany(
            "INSERT INTO notes (v) VALUES (?)",
            [(content.quantised(content.embedding(256, seed)).tobytes(),) for seed in range(12)],
        )
        connection.commit()
        connection.execute("DELETE FROM notes WHERE id > 1 AND id < 12")
        connection.execute("UPDATE notes SET v = NULL")
    _still_there(schedules, content.quantised(content.embedding(256, 3)).tobytes())


@plant("SQLite freelist", "dagster")
def vectors_in_a_write_ahead_log_of_the_event_log(home: Home) -> None:
    path = index(home)
    log = path.with_name("index.db-wal")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE profiles (v BLOB)")
        connection.executemany(
            "INSERT INTO profiles VALUES (?)",
            [(content.embedding(512, seed).tobytes(),) for seed in range(8)],
        )
        connection.commit()
        written = log.read_bytes()
    with sqlite(path) as connection:
        connection.execute("DROP TABLE profiles")
        connection.execute("VACUUM")
        connection.execute("PRAGMA journal_mode = DELETE")
    log.write_bytes(written)


def _still_there(path: Path, hidden: bytes) -> None:
    """The plant is one only if the bytes outlived the deletion."""
    assert hidden[64:192] in path.read_bytes()
