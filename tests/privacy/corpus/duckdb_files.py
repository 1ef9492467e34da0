"""Leaks in DuckDB's files besides the rows of a table.

Belongs here: views, comments, arrays, deleted rows, the write-ahead log, files that a writer leaves
behind. Does not belong here: columns of the marts (`columns`, `numbers`, `texts`).
"""

import base64
import shutil
from pathlib import Path

import duckdb

from tests.privacy.corpus import content
from tests.privacy.corpus.places import core, published
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


@plant("DuckDB view", "warehouse")
def a_vector_in_the_text_of_a_view(home: Home) -> None:
    with core(home) as connection:
        values = ", ".join(f"{value:.5f}" for value in content.embedding(128).tolist())
        connection.execute(f"CREATE VIEW gate_rates AS SELECT unnest([{values}]) AS rate")


@plant("DuckDB view", "warehouse")
def a_face_in_a_view_of_the_released_marts(home: Home) -> None:
    text = base64.b64encode(content.picture(content.face(), "WEBP", quality=50)).decode()
    with published(home) as connection:
        connection.execute(f"CREATE VIEW licence AS SELECT '{text}' AS text")


@plant("DuckDB view", "warehouse")
def a_vector_in_a_macro(home: Home) -> None:
    text = content.half(content.embedding(256)).tobytes().hex()
    with core(home) as connection:
        connection.execute(f"CREATE MACRO weight(n) AS substr('{text}', n, 1)")


@plant("DuckDB comment", "warehouse")
def a_face_in_the_comment_of_a_mart(home: Home) -> None:
    text = base64.b85encode(content.picture(content.face(), "JPEG", quality=50)).decode()
    with core(home) as connection:
        connection.execute("COMMENT ON TABLE heatmap_hourly IS '" + text.replace("'", "''") + "'")


@plant("DuckDB comment", "warehouse")
def a_vector_in_the_comments_of_columns(home: Home) -> None:
    parts = [round(float(value), 4) for value in content.embedding(128)]
    with published(home) as connection:
        for number, column in enumerate(("gate", "camera", "floor", "entries")):
            words = " ".join(str(part) for part in parts[32 * number : 32 * number + 32])
            connection.execute(f"COMMENT ON COLUMN gate_counts_15min.{column} IS '{words}'")


@plant("DuckDB array", "warehouse")
def vectors_in_a_table_of_arrays(home: Home) -> None:
    with core(home) as connection:
        connection.execute("CREATE TABLE profiles (id INTEGER, v FLOAT[128])")
        for seed in range(5):
            connection.execute(
                "INSERT INTO profiles VALUES ($1, $2)",
                [seed, content.embedding(128, seed).tolist()],
            )


@plant("DuckDB array", "warehouse")
def quantised_vectors_in_arrays_of_another_schema(home: Home) -> None:
    with published(home) as connection:
        connection.execute("CREATE SCHEMA internal")
        connection.execute("CREATE TABLE internal.q (v TINYINT[256])")
        for seed in range(5):
            vector = content.quantised(content.embedding(256, seed)).tolist()
            connection.execute("INSERT INTO internal.q VALUES ($1)", [vector])


@plant("DuckDB deleted rows", "warehouse")
def vectors_in_rows_that_were_deleted(home: Home) -> None:
    with core(home) as connection:
        connection.execute("CREATE TABLE gone (id INTEGER, v BLOB)")
        for seed in range(40):
            packed = content.embedding(512, seed).tobytes()
            connection.execute("INSERT INTO gone VALUES ($1, $2)", [seed, packed])
        connection.execute("CHECKPOINT")
        connection.execute("DELETE FROM gone WHERE id < 39")
        connection.execute("CHECKPOINT")
    _still_there(home.settings.warehouse / "core.duckdb", content.embedding(512, 3).tobytes())


@plant("DuckDB deleted rows", "warehouse")
def pictures_in_a_table_that_was_dropped(home: Home) -> None:
    crop = content.picture(content.face(), "JPEG")
    with published(home) as connection:
        connection.execute("CREATE TABLE gone (id INTEGER, v BLOB)")
        for number in range(20):
            connection.execute("INSERT INTO gone VALUES ($1, $2)", [number, crop])
        connection.execute("CHECKPOINT")
        # What is written behind it keeps the file from being cut off at its end.
        connection.execute("CREATE TABLE behind AS SELECT * FROM gate_counts_15min")
        connection.execute("CHECKPOINT")
        connection.execute("DROP TABLE gone")
        connection.execute("CHECKPOINT")
    _still_there(home.settings.warehouse / "published.duckdb", crop)


@plant("DuckDB WAL", "warehouse")
def vectors_in_a_write_ahead_log_that_was_left(home: Home) -> None:
    path = home.settings.warehouse / "core.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("SET wal_autocheckpoint = '1TB'")
        connection.execute("CREATE TABLE profiles (id INTEGER, v FLOAT[])")
        for seed in range(5):
            vector = content.embedding(512, seed).tolist()
            connection.execute("INSERT INTO profiles VALUES ($1, $2)", [seed, vector])
    assert path.with_name("core.duckdb.wal").stat().st_size > 5 * 2048


@plant("DuckDB WAL", "warehouse")
def a_picture_in_a_write_ahead_log_without_its_file(home: Home) -> None:
    path = home.settings.warehouse / "staging.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("CREATE TABLE crops (v BLOB)")
        connection.execute(
            "INSERT INTO crops VALUES ($1)", [content.picture(content.body(), "PNG")]
        )
    path.unlink()
    assert path.with_name("staging.duckdb.wal").exists()


@plant("DuckDB array", "warehouse")
def vectors_in_a_file_that_a_dead_writer_was_building(home: Home) -> None:
    building = home.settings.warehouse / "core.duckdb.building-4711"
    shutil.copy(home.settings.warehouse / "core.duckdb", building)
    with duckdb.connect(str(building)) as connection:
        connection.execute(
            "CREATE TABLE p AS SELECT $1::FLOAT[] AS v", [content.features().tolist()]
        )


@plant("DuckDB deleted rows", "warehouse")
def vectors_in_packed_blocks_that_nothing_uses(home: Home) -> None:
    with core(home) as connection:
        connection.execute("CREATE TABLE gone (v FLOAT[128])")
        for seed in range(400):
            connection.execute(
                "INSERT INTO gone VALUES ($1)", [content.embedding(128, seed).tolist()]
            )
        connection.execute("CHECKPOINT")
        # A mart that is written anew lies behind it and keeps the file from being cut off.
        connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM occupancy_15min")
        # In one go, or it goes back to where it was.
        connection.execute("DELETE FROM occupancy_15min")
        connection.execute("INSERT INTO occupancy_15min SELECT * FROM kept")
        connection.execute("CHECKPOINT")
        connection.execute("DROP TABLE gone")


def _still_there(path: Path, hidden: bytes) -> None:
    """The plant is one only if the bytes outlived the deletion."""
    assert hidden[64:256] in path.read_bytes()
