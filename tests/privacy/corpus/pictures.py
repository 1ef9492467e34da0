"""Pictures in their own formats, under any name.

Belongs here: whole files that a picture viewer would open, and those that lost their first bytes.
Does not belong here: pictures inside other files (`archives`, `columns`, `pages`).
"""

from tests.privacy.corpus import content
from tests.privacy.corpus.places import partition, run_folder
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


@plant("JPEG", "lake")
def a_face_as_a_jpeg_beside_a_partition(home: Home) -> None:
    (partition(home, "gate_events") / "face.jpg").write_bytes(
        content.picture(content.face(), "JPEG")
    )


@plant("JPEG", "lake")
def a_jpeg_under_the_name_of_a_receipt(home: Home) -> None:
    (partition(home, "zone_visits") / ("4f" * 32 + ".receipt.json")).write_bytes(
        content.picture(content.body(), "JPEG", quality=60)
    )


@plant("JPEG", "dagster")
def a_jpeg_under_the_name_of_a_finished_compute_log(home: Home) -> None:
    (run_folder(home) / "compute_logs" / "abcdefgh.complete").write_bytes(
        content.picture(content.profile(), "JPEG", quality=40, progressive=True)
    )


@plant("JPEG", "temporary")
def a_thumbnail_of_two_kilobytes_in_the_temporary_directory(home: Home) -> None:
    (home.temporary / "tmp8k2x").write_bytes(
        content.picture(content.face(32, 40), "JPEG", quality=50)
    )


@plant("PNG", "lake")
def a_png_left_pending_under_the_name_of_a_parquet_file(home: Home) -> None:
    pending = home.settings.lake / "_pending"
    pending.mkdir(exist_ok=True)
    (pending / "gate_events-arcade-2026-03-13-cam_entrance.0f.parquet").write_bytes(
        content.picture(content.face(), "PNG")
    )


@plant("PNG", "report")
def a_png_under_the_name_of_a_style_sheet(home: Home) -> None:
    (home.settings.reports / "site=arcade" / "print.css").write_bytes(
        content.picture(content.body().convert("L"), "PNG")
    )


@plant("WebP", "warehouse")
def a_webp_in_the_lock_file_of_the_warehouse(home: Home) -> None:
    (home.settings.warehouse / "core.duckdb.lock").write_bytes(
        content.picture(content.face(), "WEBP", quality=70)
    )


@plant("WebP", "lake")
def a_lossless_webp_in_place_of_a_partition(home: Home) -> None:
    (partition(home, "anonymised_trajectories") / "part.parquet").write_bytes(
        content.picture(content.profile(), "WEBP", lossless=True)
    )


@plant("AVIF", "report")
def an_avif_under_a_hidden_name_beside_the_report(home: Home) -> None:
    (home.settings.reports / ".2026-03-13.html.swp").write_bytes(
        content.picture(content.face(), "AVIF", quality=60)
    )


@plant("AVIF", "dagster")
def an_avif_in_the_storage_of_a_run(home: Home) -> None:
    (run_folder(home) / "result").write_bytes(content.picture(content.body(), "AVIF"))


@plant("other picture", "dagster")
def a_bitmap_without_a_suffix(home: Home) -> None:
    (home.dagster / "core").write_bytes(content.picture(content.face(48, 56), "BMP"))


@plant("other picture", "dagster")
def a_gif_among_the_schedules(home: Home) -> None:
    (home.dagster / "schedules" / "state").write_bytes(content.picture(content.profile(), "GIF"))


@plant("other picture", "warehouse")
def a_tiff_under_the_name_of_a_backup(home: Home) -> None:
    (home.settings.warehouse / "published.duckdb.bak").write_bytes(
        content.picture(content.face(), "TIFF", compression="tiff_lzw")
    )


@plant("other picture", "lake")
def a_jpeg_2000_above_the_partitions(home: Home) -> None:
    (home.settings.lake / "_SUCCESS").write_bytes(content.picture(content.body(), "JPEG2000"))


@plant("other picture", "report")
def a_portable_pixmap_in_plain_text(home: Home) -> None:
    image = content.pixels(content.face(40, 48).convert("L"))
    body = "\n".join(" ".join(map(str, row)) for row in image.tolist())
    (home.settings.reports / "notes.txt").write_text(f"P2\n40 48\n255\n{body}\n")


@plant("JPEG", "lake")
def a_jpeg_without_its_first_bytes(home: Home) -> None:
    (partition(home, "coverage") / "spill.bin").write_bytes(
        content.picture(content.face(), "JPEG")[4:]
    )
