"""Leaks in the places of a Parquet file that readers pass over.

Belongs here: key-values, gaps, what precedes the footer. Does not belong here: columns (`columns`).
"""

import base64
import io
from collections.abc import Callable

import polars as pl

from footfall_dagster.privacy import wall
from footfall_dagster.privacy.wall import Refused
from tests.privacy.corpus import content
from tests.privacy.corpus.places import CAMERA_DAY, forge, lake, partition, rows
from tests.privacy.corpus.plants import Door, plant
from tests.privacy.finished_home import Home
from vision.contracts import LAKE

Make = Callable[[Home], bytes]


def _refused_when_pending(dataset: str, make: Make) -> Door:
    """Whether the wall refuses to admit such a file."""

    def door(home: Home) -> bool:
        pending = home.settings.lake / "_pending" / "planted.parquet"
        pending.parent.mkdir(exist_ok=True)
        pending.write_bytes(make(home))
        try:
            wall.admit(
                pending,
                partition(home, dataset) / wall.PART,
                LAKE[dataset],
                lake(home).bounds(CAMERA_DAY),
                str(CAMERA_DAY),
            )
        except Refused:
            return not pending.exists()
        return False

    return door


def _with_key_values(home: Home) -> bytes:
    buffer = io.BytesIO()
    crop = base64.b64encode(content.picture(content.face(), "JPEG")).decode()
    rows(home, "gate_events").write_parquet(buffer, metadata={"writer": crop})
    return buffer.getvalue()


@plant("Parquet key-values", "lake", _refused_when_pending("gate_events", _with_key_values))
def a_face_in_the_key_values_of_a_file(home: Home) -> None:
    forge(home, "gate_events", _with_key_values(home))


def _with_field_notes(home: Home) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = rows(home, "zone_visits").to_arrow()
    noted = table.schema.field(0).with_metadata({"note": content.embedding(256).tobytes()})
    buffer = io.BytesIO()
    pq.write_table(table.cast(pa.schema([noted, *list(table.schema)[1:]])), buffer)
    return buffer.getvalue()


@plant("Parquet key-values", "lake", _refused_when_pending("zone_visits", _with_field_notes))
def a_vector_in_the_notes_of_a_column(home: Home) -> None:
    forge(home, "zone_visits", _with_field_notes(home))


def _between_row_groups(dataset: str, hidden: bytes, home: Home) -> bytes:
    """Two row groups whose offsets leave room for `hidden` between them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    frame = rows(home, dataset)
    half = frame.height // 2
    table = frame.to_arrow()
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema) as writer:
        writer.write_table(table.slice(0, half))
        sink.write(hidden)
        writer.write_table(table.slice(half))
    made = bytes(sink.getvalue())
    assert hidden in made
    assert pl.read_parquet(io.BytesIO(made)).equals(frame)
    return made


def _pixels_between(home: Home) -> bytes:
    hidden = content.pixels(content.face(64, 80)).tobytes()
    return _between_row_groups("zone_visits", hidden, home)


@plant("between row groups", "lake", _refused_when_pending("zone_visits", _pixels_between))
def pixels_between_two_row_groups(home: Home) -> None:
    forge(home, "zone_visits", _pixels_between(home))


def _vector_between(home: Home) -> bytes:
    hidden = content.embedding(512).tobytes()
    return _between_row_groups("anonymised_trajectories", hidden, home)


@plant(
    "between row groups", "lake", _refused_when_pending("anonymised_trajectories", _vector_between)
)
def a_vector_between_two_row_groups(home: Home) -> None:
    forge(home, "anonymised_trajectories", _vector_between(home))


def _before_footer(dataset: str, hidden: bytes, home: Home) -> bytes:
    made = (partition(home, dataset) / wall.PART).read_bytes()
    footer = 8 + int.from_bytes(made[-8:-4], "little")
    return made[:-footer] + hidden + made[-footer:]


def _picture_before(home: Home) -> bytes:
    return _before_footer("gate_events", content.picture(content.profile(), "JPEG"), home)


@plant("before the footer", "lake", _refused_when_pending("gate_events", _picture_before))
def a_face_before_the_footer(home: Home) -> None:
    forge(home, "gate_events", _picture_before(home))


def _vector_before(home: Home) -> bytes:
    hidden = content.half(content.embedding(512)).tobytes()
    return _before_footer("zone_visits", hidden, home)


@plant("before the footer", "lake", _refused_when_pending("zone_visits", _vector_before))
def a_vector_of_halves_before_the_footer(home: Home) -> None:
    forge(home, "zone_visits", _vector_before(home))


def _behind_the_magic(home: Home) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = rows(home, "gate_events").to_arrow()
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema) as writer:
        sink.write(content.picture(content.body(), "WEBP"))
        writer.write_table(table)
    return bytes(sink.getvalue())


@plant("before the footer", "lake", _refused_when_pending("gate_events", _behind_the_magic))
def a_body_between_the_magic_and_the_first_page(home: Home) -> None:
    forge(home, "gate_events", _behind_the_magic(home))
