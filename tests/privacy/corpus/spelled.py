"""Leaks spelled out byte by byte, or cut into pieces no longer than a name.

Belongs here: dumps, escapes, code points, short pieces, numbers whose names change from line to
line. Does not belong here: plain base64, hex and base85 (`texts`).
"""

import base64
import binascii
import json
import random
from collections.abc import Iterator

from tests.privacy.corpus import content
from tests.privacy.corpus.places import partition, run_folder
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


def _thumbnail() -> bytes:
    return content.picture(content.face(40, 48), "JPEG", quality=50)


def _pieces(text: str, length: int) -> Iterator[str]:
    return (text[n : n + length] for n in range(0, len(text), length))


@plant("hex text", "report")
def a_face_as_a_dump_with_offsets(home: Home) -> None:
    lines = [
        f"{16 * n:08x}  {row.hex(' ')}  |{''.join(chr(b) if 32 <= b < 127 else '.' for b in row)}|"
        for n, row in enumerate(_rows(_thumbnail()))
    ]
    (home.settings.reports / "trace.txt").write_text("\n".join(lines))


@plant("hex text", "report")
def a_vector_as_the_addresses_of_devices(home: Home) -> None:
    packed = content.half(content.embedding(192)).tobytes()
    lines = [f"joined {packed[n : n + 6].hex(':')}" for n in range(0, len(packed), 6)]
    (home.settings.reports / "network.log").write_text("\n".join(lines))


@plant("hex text", "lake")
def a_vector_as_words_of_a_program(home: Home) -> None:
    words = ", ".join(f"0x{word:08X}" for word in content.embedding().view("<u4"))
    (partition(home, "coverage") / "table.h").write_text(f"static const int t[] = {{{words}}};")


@plant("hex text", "report")
def a_vector_in_noughts_and_ones(home: Home) -> None:
    bits = "".join(f"{byte:08b}" for byte in content.embedding().tobytes())
    (home.settings.reports / "mask.txt").write_text(bits)


@plant("base64 text", "lake")
def a_vector_as_base64_in_pieces_of_a_word(home: Home) -> None:
    text = base64.b64encode(content.embedding().tobytes()).decode()
    lines = [f"request {piece} done" for piece in _pieces(text, 12)]
    (partition(home, "coverage") / "requests.log").write_text("\n".join(lines))


@plant("base64 text", "lake")
def a_vector_in_the_digits_of_another_alphabet(home: Home) -> None:
    number, digits = int.from_bytes(content.embedding().tobytes()), []
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
    while number:
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    (partition(home, "zone_visits") / "etag").write_text("".join(digits))


@plant("base64 text", "report")
def a_face_escaped_as_json_escapes(home: Home) -> None:
    told = json.dumps({"icon": _thumbnail().decode("latin-1")})
    (home.settings.reports / "theme.json").write_text(told)


@plant("base64 text", "report")
def a_face_as_signs_of_a_foreign_script(home: Home) -> None:
    text = "".join(chr(0x4E00 + byte) for byte in _thumbnail())
    (home.settings.reports / "readme.zh.txt").write_text(text, encoding="utf-8")


@plant("base85 text", "report")
def a_vector_as_uuencoded_lines(home: Home) -> None:
    packed = content.embedding().tobytes()
    lines = [binascii.b2a_uu(packed[n : n + 45]).decode() for n in range(0, len(packed), 45)]
    (home.settings.reports / "mail").write_text("".join(lines))


@plant("log lines", "dagster")
def a_component_a_line_with_ever_other_words(home: Home) -> None:
    chosen = random.Random(3)
    lines = [
        f"{chosen.choice(['gate', 'zone', 'door'])} {chosen.choice(['north', 'east', 'south'])} "
        f"{chosen.choice(['drift', 'offset', 'skew', 'bias'])} {value:.4f}"
        for value in content.embedding().tolist()
    ]
    (run_folder(home) / "drift.log").write_text("\n".join(lines))


@plant("JSON", "report")
def a_vector_under_keys_that_are_words(home: Home) -> None:
    chosen = random.Random(4)
    words = ("".join(chosen.choices("abdefgiklmnoprstu", k=6)) for _ in range(128))
    told = dict(zip(words, content.embedding().tolist(), strict=False))
    (home.settings.reports / "weights.json").write_text(json.dumps(told, indent=1))


@plant("JSON", "lake")
def a_vector_as_percentages_with_commas(home: Home) -> None:
    shares = ";".join(f"{100 * value:.3f}".replace(".", ",") for value in content.embedding())
    (partition(home, "gate_events") / "anteile.csv").write_text(shares)


def _rows(packed: bytes) -> Iterator[bytes]:
    return (packed[n : n + 16] for n in range(0, len(packed), 16))
