"""Numbers and pixels in bytes that are no plain array of them.

Belongs here: other bytes in between, other widths, other orders, packers that few use. Does not
belong here: plain arrays and the usual files (`number_files`), usual archives (`archives`).
"""

import io
import json
import struct

import numpy as np

from tests.privacy.corpus import content
from tests.privacy.corpus.places import partition, rows, run_folder
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


@plant("pickle", "dagster")
def a_vector_of_doubles_each_behind_a_tag(home: Home) -> None:
    tagged = b"".join(b"\xcb" + struct.pack(">d", one) for one in content.embedding().tolist())
    (run_folder(home) / "state.msgpack").write_bytes(b"\x81\xa1v\xdc\x00\x80" + tagged)


@plant("raw pixels", "report")
def a_vector_cut_to_the_upper_half_of_its_floats(home: Home) -> None:
    upper = (content.embedding(256).view("<u4") >> 16).astype("<u2")
    (home.settings.reports / "fonts.bin").write_bytes(upper.tobytes())


@plant("raw pixels", "lake")
def a_vector_with_its_bytes_sorted_by_weight(home: Home) -> None:
    planes = content.embedding(512).view(np.uint8).reshape(-1, 4).T
    (partition(home, "gate_events") / "page").write_bytes(planes.tobytes())


@plant("raw pixels", "lake")
def a_vector_as_whole_millionths(home: Home) -> None:
    whole = np.round(content.embedding(512) * 1e6).astype("<i4")
    (partition(home, "gate_events") / "counters").write_bytes(whole.tobytes())


@plant("raw pixels", "report")
def a_face_with_four_bytes_a_level(home: Home) -> None:
    levels = content.pixels(content.face(64, 64)).astype("<i4")
    (home.settings.reports / "grid.bin").write_bytes(levels.tobytes())


@plant("raw pixels", "lake")
def a_face_with_twelve_bits_a_level(home: Home) -> None:
    levels = content.pixels(content.face(64, 64).convert("L")).astype("<u2") * 16 + 3
    (partition(home, "coverage") / "sensor.raw").write_bytes(levels.tobytes())


@plant("raw pixels", "lake")
def a_face_as_the_steps_from_pixel_to_pixel(home: Home) -> None:
    levels = content.pixels(content.face(112, 112).convert("L")).astype(np.int16).ravel()
    steps = np.diff(levels, prepend=0).astype(np.uint8)
    (partition(home, "zone_visits") / "steps").write_bytes(steps.tobytes())


@plant("archive", "report")
def a_vector_as_json_under_snappy(home: Home) -> None:
    import pyarrow as pa

    told = json.dumps(content.embedding(256).tolist()).encode()
    (home.settings.reports / "cache.sz").write_bytes(pa.compress(told, "snappy", asbytes=True))


@plant("archive", "warehouse")
def a_vector_as_json_under_lz4(home: Home) -> None:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "lz4") as stream:
        stream.write(json.dumps(content.embedding(256).tolist()).encode())
    (home.settings.warehouse / "logs.lz4").write_bytes(bytes(sink.getvalue()))


@plant("Arrow IPC", "lake")
def a_vector_under_the_missing_values_of_an_arrow_file(home: Home) -> None:
    import pyarrow as pa

    hidden = content.quantised(content.embedding(512)).astype("<i4").tobytes()
    column = pa.Array.from_buffers(pa.int32(), 512, [pa.py_buffer(bytes(64)), pa.py_buffer(hidden)])
    batch = pa.record_batch([column], ["count"])
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    (partition(home, "zone_visits") / "counts.arrow").write_bytes(sink.getvalue())


@plant("Arrow IPC", "report")
def a_vector_in_the_choice_among_words(home: Home) -> None:
    import pyarrow as pa

    chosen = content.quantised(content.embedding(512)).astype(np.int16) + 128
    words = pa.DictionaryArray.from_arrays(
        pa.array(chosen), pa.array([f"zone {number}" for number in range(256)])
    )
    batch = pa.record_batch([words], ["zone"])
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    (home.settings.reports / "zones").write_bytes(sink.getvalue())


@plant("between row groups", "lake")
def vectors_in_words_that_no_row_has(home: Home) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    vectors = [content.embedding(64, seed).tobytes().hex() for seed in range(6)]
    table = rows(home, "gate_events").to_arrow()
    words = pa.DictionaryArray.from_arrays(
        pa.array([0] * table.num_rows, pa.int32()), pa.array(["entrance", *vectors])
    )
    pq.write_table(
        table.append_column("note", words),
        partition(home, "gate_events") / "more.parquet",
        store_schema=False,
    )
