"""Leaks of which each file, table, name or tag holds a piece that says nothing by itself.

Belongs here: pieces over files, names, attributes, tables, tags. Does not belong here: pieces over
the rows or lines of one file (`columns`, `texts`, `spelled`).
"""

import base64
import os

from tests.privacy.corpus import content
from tests.privacy.corpus.dagster_storage import ungated
from tests.privacy.corpus.places import DAY, core, sqlite
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


@plant("long format", "report")
def a_component_to_a_file(home: Home) -> None:
    folder = home.settings.reports / "parts"
    folder.mkdir()
    for number, value in enumerate(content.embedding().tolist()):
        (folder / f"{number:03}.txt").write_text(f"{value:.5f}")


@plant("raw pixels", "dagster")
def four_bytes_of_a_vector_to_a_file(home: Home) -> None:
    folder = home.dagster / "storage" / "parts"
    folder.mkdir(parents=True)
    packed = content.embedding().tobytes()
    for number in range(128):
        (folder / f"{number:03}").write_bytes(packed[4 * number : 4 * number + 4])


@plant("encoded id", "warehouse")
def a_component_to_the_name_of_a_file(home: Home) -> None:
    for number, value in enumerate(content.embedding().tolist()):
        (home.settings.warehouse / f"part_{number:03}_{value:+.4f}").touch()


@plant("encoded id", "report")
def a_vector_over_folders_in_folders(home: Home) -> None:
    text = base64.b32encode(content.embedding(64).tobytes()).decode().lower().rstrip("=")
    names = [text[n : n + 20] for n in range(0, len(text), 20)]
    home.settings.reports.joinpath(*names).mkdir(parents=True)


@plant("raw pixels", "report")
def a_vector_in_an_attribute_of_the_page(home: Home) -> None:
    os.setxattr(home.page(DAY), "user.note", content.half(content.embedding(256)).tobytes())


@plant("long format", "warehouse")
def a_component_to_a_table(home: Home) -> None:
    with core(home) as connection:
        for number, value in enumerate(content.embedding(64).tolist()):
            connection.execute(f"CREATE TABLE part_{number} AS SELECT {value!r}::FLOAT AS share")


@plant("int8 column", "dagster")
def a_quantised_vector_in_the_numbers_of_rows(home: Home) -> None:
    packed = content.quantised(content.embedding(512)).tobytes()
    numbers = [int.from_bytes(packed[n : n + 8], "little", signed=True) for n in range(0, 512, 8)]
    with sqlite(home.dagster / "schedules" / "schedules.db") as connection:
        connection.execute("CREATE TABLE notes (word TEXT)")
        connection.executemany(
            "INSERT INTO notes (rowid, word) VALUES (?, 'ok')", [(one,) for one in numbers]
        )


@plant("encoded id", "dagster")
def a_vector_as_base32_in_the_names_of_cameras(home: Home) -> None:
    text = base64.b32encode(content.embedding(64).tobytes()).decode().lower().rstrip("=")
    names = [f"cam_{text[n : n + 12]}" for n in range(0, len(text), 12)]
    with ungated(home) as instance:
        instance.add_dynamic_partitions("arcade_cameras", names)
