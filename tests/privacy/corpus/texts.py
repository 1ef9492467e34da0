"""Leaks written as text.

Belongs here: base64, hex and base85 in columns, ids and file names; JSON and log lines. Does not
belong here: text on a page (`pages`), in Dagster's storage (`dagster_storage`).
"""

import base64
import json
import uuid
import zlib

import polars as pl

from tests.privacy.corpus import content
from tests.privacy.corpus.places import (
    DAY,
    core,
    forge_frame,
    partition,
    published,
    refused_by_lake,
    rows,
    run_folder,
)
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


def _gate_as_base64(home: Home) -> pl.DataFrame:
    text = base64.b64encode(content.picture(content.face(48, 56), "JPEG")).decode()
    return rows(home, "gate_events").with_columns(gate=pl.lit(text))


@plant("base64 text", "lake", refused_by_lake("gate_events", _gate_as_base64))
def a_face_as_base64_in_the_name_of_a_gate(home: Home) -> None:
    forge_frame(home, "gate_events", _gate_as_base64(home))


@plant("base64 text", "lake")
def a_vector_as_wrapped_base64_in_a_note(home: Home) -> None:
    text = base64.encodebytes(content.embedding(512).tobytes()).decode()
    (home.settings.lake / "README.txt").write_text(f"certificate\n{text}\n")


@plant("base64 text", "warehouse")
def crops_as_base64_in_a_mart(home: Home) -> None:
    text = base64.urlsafe_b64encode(content.picture(content.body(), "WEBP")).decode()
    with core(home) as connection:
        connection.execute("UPDATE occupancy_15min SET floor = $text", {"text": text})


def _path_as_hex(home: Home) -> pl.DataFrame:
    """Within the pattern of file names: 64 bytes as hex a row."""
    vectors = [content.quantised(content.embedding(64, seed)) for seed in range(100)]
    frame = rows(home, "camera_exports")
    names = [f"{vectors[n].tobytes().hex()}.mp4" for n in range(frame.height)]
    return frame.with_columns(file_name=pl.Series(names))


@plant("hex text", "lake", refused_by_lake("camera_exports", _path_as_hex))
def quantised_vectors_as_hex_in_the_names_of_recordings(home: Home) -> None:
    forge_frame(home, "camera_exports", _path_as_hex(home))


@plant("hex text", "lake")
def a_vector_as_hex_in_the_name_of_an_empty_file(home: Home) -> None:
    text = content.half(content.embedding(100)).tobytes().hex()
    (partition(home, "coverage") / f"{text[:240]}.tmp").touch()


@plant("hex text", "report")
def raw_pixels_as_hex_beside_the_report(home: Home) -> None:
    text = content.pixels(content.face(32, 40)).tobytes().hex()
    (home.settings.reports / "checksums").write_text(text)


@plant("base85 text", "temporary")
def a_face_as_base85_in_a_patch(home: Home) -> None:
    text = base64.b85encode(content.picture(content.face(), "JPEG")).decode()
    lines = "\n".join("z" + text[n : n + 65] for n in range(0, len(text), 65))
    (home.temporary / "fix.patch").write_text(f"GIT binary patch\nliteral 4096\n{lines}\n")


@plant("base85 text", "warehouse")
def a_vector_as_ascii85_in_a_released_mart(home: Home) -> None:
    text = base64.a85encode(content.embedding(256).tobytes()).decode()
    with published(home) as connection:
        connection.execute("UPDATE gate_counts_15min SET camera = $text", {"text": text})


def _hash_of_vector(home: Home) -> pl.DataFrame:
    frame = rows(home, "camera_exports")
    vector = content.quantised(content.embedding(32 * frame.height)).tobytes()
    hashes = [vector[32 * n : 32 * n + 32].hex() for n in range(frame.height)]
    return frame.with_columns(sha256=pl.Series(hashes))


@plant("encoded id", "lake")
def a_quantised_vector_in_the_hashes_of_recordings(home: Home) -> None:
    forge_frame(home, "camera_exports", _hash_of_vector(home))


@plant("encoded id", "warehouse")
def vectors_as_base32_in_the_ids_of_zones(home: Home) -> None:
    with core(home) as connection:
        zones = connection.execute("SELECT DISTINCT zone FROM zone_visits_hourly").fetchall()
        for seed, (zone,) in enumerate(zones):
            packed = content.quantised(content.embedding(128, seed)).tobytes()
            text = base64.b32encode(packed).decode().lower().rstrip("=")
            connection.execute(
                "UPDATE zone_visits_hourly SET zone = $text WHERE zone = $zone",
                {"text": f"z{text}", "zone": zone},
            )


@plant("JSON", "lake")
def vectors_as_json_beside_a_partition(home: Home) -> None:
    told = {"people": [{"id": n, "v": content.embedding(128, n).tolist()} for n in range(3)]}
    (partition(home, "zone_visits") / "stats.json").write_text(json.dumps(told))


@plant("JSON", "report")
def a_vector_as_rounded_numbers_in_json(home: Home) -> None:
    told = [round(float(value), 3) for value in content.embedding(256)]
    (home.settings.reports / "site=arcade" / f"{DAY}.json").write_text(json.dumps({"curve": told}))


@plant("JSON", "lake")
def a_vector_in_the_fields_of_a_receipt(home: Home) -> None:
    (receipt,) = partition(home, "gate_events").glob("*.receipt.json")
    told = json.loads(receipt.read_text())
    told["curve"] = content.quantised(content.embedding()).tolist()
    receipt.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")


@plant("JSON", "lake")
def a_vector_in_the_ledger_of_purges(home: Home) -> None:
    folder = home.settings.lake / "_purged" / "tracks" / "site=arcade" / f"date={DAY}"
    folder.mkdir(parents=True)
    told = {"rule": content.embedding(256).tobytes().hex(), "rows": 1}
    (folder / "20260320T020000Z.json").write_text(json.dumps(told))


@plant("log lines", "dagster")
def a_vector_printed_by_numpy_into_a_log(home: Home) -> None:
    (home.dagster / "footfall.log").write_text(
        f"2026-03-13 12:00:00 INFO track 7 seen\n{content.embedding(256)}\n"
    )


@plant("log lines", "dagster")
def quantised_components_over_lines_of_a_log(home: Home) -> None:
    lines = [
        f"2026-03-13 12:{n // 60:02}:{n % 60:02} DEBUG batch {n} took {value + 128} ms"
        for n, value in enumerate(content.quantised(content.embedding()).tolist())
    ]
    (run_folder(home) / "event.log").write_text("\n".join(lines))


@plant("log lines", "dagster")
def a_face_as_base64_in_lines_of_a_log(home: Home) -> None:
    text = base64.b64encode(content.picture(content.profile(), "PNG")).decode()
    lines = [
        f"2026-03-13T12:00:{n % 60:02}Z cam_entrance payload={text[n * 76 : n * 76 + 76]}"
        for n in range(len(text) // 76 + 1)
    ]
    (home.dagster / "camera.log").write_text("\n".join(lines))


@plant("encoded id", "lake")
def a_vector_as_the_ids_of_a_list_of_devices(home: Home) -> None:
    packed = content.half(content.embedding(256)).tobytes()
    ids = [str(uuid.UUID(bytes=packed[16 * n : 16 * n + 16])) for n in range(32)]
    (partition(home, "coverage") / "devices.json").write_text(json.dumps({"devices": ids}))


@plant("base64 text", "report")
def a_face_as_base64_in_two_bytes_a_letter(home: Home) -> None:
    text = base64.b64encode(content.picture(content.face(), "JPEG")).decode()
    (home.settings.reports / "notes").write_text(text, encoding="utf-16")


@plant("base64 text", "dagster")
def compressed_pixels_as_base64_in_a_setting(home: Home) -> None:
    text = base64.b64encode(zlib.compress(content.pixels(content.face()).tobytes())).decode()
    (home.dagster / "workspace.yaml").write_text(f"load_from:\n  - token: {text}\n")


@plant("hex text", "lake")
def a_quantised_vector_over_the_names_of_folders(home: Home) -> None:
    packed = content.quantised(content.embedding(256)).tobytes()
    for number in range(16):
        name = f"camera={packed[16 * number : 16 * number + 16].hex()}"
        (partition(home, "gate_events").parent / name).mkdir()
