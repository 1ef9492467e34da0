"""Leaks in columns of their own, in the lake and in the marts.

Belongs here: BLOB, fixed binary, list, array, struct, int8 and numbered columns, and the long
format. Does not belong here: leaks in the contract's own columns (`numbers`, `texts`).
"""

import io
from functools import partial

import numpy as np
import polars as pl

from tests.privacy.corpus import content
from tests.privacy.corpus.places import (
    core,
    forge,
    forge_frame,
    partition,
    published,
    refused_by_lake,
    rows,
)
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


def _with(dataset: str, column: pl.Series, home: Home) -> pl.DataFrame:
    """The partition with a column more; its values repeat to the end."""
    frame = rows(home, dataset)
    times = frame.height // column.len() + 1
    longer = pl.concat([column] * times).head(frame.height)
    return frame.with_columns(longer)


def _crops() -> pl.Series:
    pictures = [content.face(), content.profile(), content.body()]
    return pl.Series(
        "dwell_note", [content.picture(image, "JPEG") for image in pictures], dtype=pl.Binary
    )


_blob = partial(_with, "zone_visits", _crops())


@plant("BLOB column", "lake", refused_by_lake("zone_visits", _blob))
def crops_in_a_binary_column_of_the_lake(home: Home) -> None:
    forge_frame(home, "zone_visits", _blob(home))


@plant("BLOB column", "warehouse")
def crops_in_a_blob_column_of_a_mart(home: Home) -> None:
    with core(home) as connection:
        connection.execute("ALTER TABLE gate_counts_15min ADD COLUMN note BLOB")
        connection.execute(
            "UPDATE gate_counts_15min SET note = $crop WHERE gate = 'entrance'",
            {"crop": content.picture(content.face(), "WEBP")},
        )


@plant("BLOB column", "warehouse")
def raw_pixels_in_a_blob_of_a_released_table(home: Home) -> None:
    with published(home) as connection:
        connection.execute("CREATE TABLE cache (key INTEGER, value BLOB)")
        connection.execute(
            "INSERT INTO cache VALUES (1, $1)", [content.pixels(content.face(48, 56)).tobytes()]
        )


@plant("fixed binary column", "lake")
def vectors_in_a_column_of_fixed_binary(home: Home) -> None:
    import pyarrow as pa

    frame = rows(home, "gate_events")
    packed = [content.embedding(128, seed).tobytes() for seed in range(frame.height)]
    table = frame.to_arrow().append_column("h", pa.array(packed, pa.binary(512)))
    forge(home, "gate_events", _parquet(table))


@plant("fixed binary column", "lake")
def quantised_vectors_in_the_place_of_hashes(home: Home) -> None:
    import pyarrow as pa

    frame = rows(home, "camera_exports")
    packed = [
        content.quantised(content.embedding(32, seed)).tobytes() for seed in range(frame.height)
    ]
    table = frame.drop("sha256").to_arrow().append_column("sha256", pa.array(packed, pa.binary(32)))
    forge(home, "camera_exports", _parquet(table))


_list = partial(
    _with,
    "gate_events",
    pl.Series("w", [content.embedding(128, seed).tolist() for seed in range(5)]),
)


@plant("list column", "lake", refused_by_lake("gate_events", _list))
def vectors_in_a_list_column_of_the_lake(home: Home) -> None:
    forge_frame(home, "gate_events", _list(home))


@plant("list column", "warehouse")
def a_vector_in_a_list_column_of_a_mart(home: Home) -> None:
    with core(home) as connection:
        connection.execute("ALTER TABLE heatmap_hourly ADD COLUMN w DOUBLE[]")
        connection.execute(
            "UPDATE heatmap_hourly SET w = $w", {"w": content.features(256).tolist()}
        )


_array = partial(
    _with,
    "zone_visits",
    pl.Series(
        "w",
        [content.embedding(256, seed).tolist() for seed in range(3)],
        dtype=pl.Array(pl.Float32, 256),
    ),
)


@plant("array column", "lake", refused_by_lake("zone_visits", _array))
def vectors_in_an_array_column_of_the_lake(home: Home) -> None:
    forge_frame(home, "zone_visits", _array(home))


@plant("array column", "lake")
def a_picture_in_an_array_column_of_bytes(home: Home) -> None:
    grey = content.pixels(content.face(32, 32).convert("L")).ravel().tolist()
    column = pl.Series("w", [grey], dtype=pl.Array(pl.UInt8, 1024))
    forge_frame(home, "gate_events", _with("gate_events", column, home))


_struct = partial(
    _with,
    "gate_events",
    pl.Series(
        "box",
        [
            {f"d{n}": float(value) for n, value in enumerate(content.embedding(128, seed))}
            for seed in range(3)
        ],
    ),
)


@plant("struct column", "lake", refused_by_lake("gate_events", _struct))
def vectors_over_the_fields_of_a_struct(home: Home) -> None:
    forge_frame(home, "gate_events", _struct(home))


@plant("struct column", "warehouse")
def a_crop_in_a_struct_in_a_list_of_a_mart(home: Home) -> None:
    with core(home) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER, n STRUCT(a INTEGER, b BLOB)[])")
        connection.execute(
            "INSERT INTO notes SELECT 1, [{'a': 1, 'b': $crop::BLOB}]",
            {"crop": content.picture(content.body(), "PNG")},
        )


_int8 = partial(
    _with,
    "zone_visits",
    pl.Series("q", content.quantised(content.embedding(512)), dtype=pl.Int8),
)


@plant("int8 column", "lake", refused_by_lake("zone_visits", _int8))
def a_quantised_vector_down_an_int8_column(home: Home) -> None:
    forge_frame(home, "zone_visits", _int8(home))


@plant("int8 column", "lake")
def quantised_vectors_in_lists_of_int8(home: Home) -> None:
    column = pl.Series(
        "q",
        [content.quantised(content.embedding(128, seed)).tolist() for seed in range(4)],
        dtype=pl.List(pl.Int8),
    )
    forge_frame(home, "gate_events", _with("gate_events", column, home))


@plant("int8 column", "warehouse")
def pixels_down_a_tinyint_column(home: Home) -> None:
    grey = content.pixels(content.face(48, 56).convert("L")).ravel()
    with core(home) as connection:
        connection.register("crop", pl.DataFrame({"n": range(len(grey)), "v": grey}))
        connection.execute("CREATE TABLE weights AS SELECT n, v FROM crop")


def _numbered(home: Home) -> pl.DataFrame:
    frame = rows(home, "gate_events")
    vectors = np.stack([content.embedding(128, seed) for seed in range(frame.height)])
    return frame.with_columns(
        pl.Series(f"f{n}", vectors[:, n], dtype=pl.Float32) for n in range(128)
    )


@plant("numbered float columns", "lake", refused_by_lake("gate_events", _numbered))
def vectors_over_numbered_columns_of_the_lake(home: Home) -> None:
    forge_frame(home, "gate_events", _numbered(home))


@plant("numbered float columns", "warehouse")
def a_vector_over_oddly_named_columns_of_a_released_table(home: Home) -> None:
    vector = content.features(128)
    names = [f"{chr(97 + n % 26)}{chr(97 + n // 26)}_rate" for n in range(len(vector))]
    with published(home) as connection:
        columns = ", ".join(
            f"{value!r}::FLOAT AS {name}"
            for name, value in zip(names, vector.tolist(), strict=True)
        )
        connection.execute(f"CREATE TABLE rates AS SELECT {columns}")


@plant("long format", "lake")
def vectors_as_rows_of_id_dimension_and_value(home: Home) -> None:
    (partition(home, "gate_events") / "model.parquet").write_bytes(_long())


@plant("long format", "warehouse")
def vectors_as_rows_of_a_table_of_the_marts(home: Home) -> None:
    with core(home) as connection:
        connection.register("vectors", pl.read_parquet(io.BytesIO(_long())))
        connection.execute("CREATE TABLE zone_shares AS SELECT * FROM vectors")


@plant("long format", "report")
def vectors_as_lines_of_id_dimension_and_value(home: Home) -> None:
    (home.settings.reports / "export.csv").write_text(
        pl.read_parquet(io.BytesIO(_long())).write_csv()
    )


def _long() -> bytes:
    vectors = [content.embedding(128, seed) for seed in range(4)]
    frame = pl.DataFrame(
        {
            "id": np.repeat(np.arange(4), 128),
            "dim": np.tile(np.arange(128), 4),
            "value": np.concatenate(vectors),
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _parquet(table: object) -> bytes:
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()
