"""Leaks in Arrow's own files.

Belongs here: IPC files and streams. Does not belong here: Parquet (`columns`, `parquet_gaps`).
"""

import io

from tests.privacy.corpus import content
from tests.privacy.corpus.places import partition, rows, run_folder
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


@plant("Arrow IPC", "lake")
def vectors_in_an_arrow_file_beside_a_partition(home: Home) -> None:
    import polars as pl

    vectors = [content.embedding(128, seed).tolist() for seed in range(8)]
    frame = pl.DataFrame({"v": pl.Series(vectors, dtype=pl.Array(pl.Float32, 128))})
    frame.write_ipc(partition(home, "zone_visits") / "part.arrow")


@plant("Arrow IPC", "lake")
def a_crop_in_the_notes_of_an_arrow_stream(home: Home) -> None:
    import pyarrow as pa

    table = rows(home, "gate_events").to_arrow()
    noted = table.replace_schema_metadata({"crop": content.picture(content.face(), "PNG")})
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, noted.schema) as writer:
        writer.write_table(noted)
    (home.settings.lake / "zone_visits" / ".spill-3").write_bytes(buffer.getvalue())


@plant("Arrow IPC", "dagster")
def a_quantised_vector_in_a_compressed_arrow_file(home: Home) -> None:
    import polars as pl

    frame = pl.DataFrame({"a": content.quantised(content.embedding(512))})
    frame.write_ipc(run_folder(home) / "state", compression="zstd")
