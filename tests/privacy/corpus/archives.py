"""Leaks inside containers, and files that are two things at once.

Belongs here: archives, compressed streams, polyglots. Does not belong here: what is inside them.
"""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

from tests.privacy.corpus import content
from tests.privacy.corpus.number_files import npy
from tests.privacy.corpus.places import DAY, index, partition
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


@plant("archive", "report")
def a_jpeg_in_a_zip_in_a_zip(home: Home) -> None:
    inner = _zip("face.jpg", content.picture(content.face(), "JPEG"))
    (home.settings.reports / "export.zip").write_bytes(_zip("inner.zip", inner))


@plant("archive", "dagster")
def a_vector_in_a_gzipped_tar_among_the_runs(home: Home) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        packed = npy(content.embedding(512))
        told = tarfile.TarInfo("v")
        told.size = len(packed)
        tar.addfile(told, io.BytesIO(packed))
    (home.dagster / "history" / "runs" / "old.db").write_bytes(buffer.getvalue())


@plant("archive", "lake")
def a_face_of_raw_pixels_under_bzip2(home: Home) -> None:
    (partition(home, "zone_visits") / "part.parquet.old").write_bytes(
        bz2.compress(content.pixels(content.face()).tobytes())
    )


@plant("archive", "warehouse")
def a_png_under_xz_beside_the_marts(home: Home) -> None:
    (home.settings.warehouse / "core.duckdb.xz").write_bytes(
        lzma.compress(content.picture(content.body(), "PNG"))
    )


@plant("archive", "dagster")
def a_vector_in_a_bare_deflate_stream(home: Home) -> None:
    (home.dagster / "schedules" / "blob").write_bytes(
        zlib.compress(content.embedding(512).tobytes())
    )


@plant("polyglot", "report")
def a_page_that_is_also_a_zip_archive(home: Home) -> None:
    page = home.page(DAY)
    page.write_bytes(page.read_bytes() + _zip("a", content.picture(content.face(), "JPEG")))


@plant("polyglot", "lake")
def a_parquet_file_that_begins_as_a_gzip_stream(home: Home) -> None:
    part = partition(home, "gate_events") / "part.parquet"
    part.write_bytes(gzip.compress(npy(content.embedding())) + part.read_bytes())


@plant("polyglot", "dagster")
def a_database_with_a_picture_behind_its_last_page(home: Home) -> None:
    with index(home).open("ab") as file:
        file.write(content.picture(content.profile(), "JPEG"))


@plant("polyglot", "report")
def a_page_followed_by_raw_pixels(home: Home) -> None:
    page = home.page(DAY)
    page.write_bytes(page.read_bytes() + content.pixels(content.body()).tobytes())


def _zip(name: str, packed: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, packed)
    return buffer.getvalue()
