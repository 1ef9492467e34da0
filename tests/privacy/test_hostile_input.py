"""Files made to exhaust or to fool whoever opens them: an end in bounded memory, and never a pass.

What can hold a leak does, where it is hardest to come by.

One process asks about all of them, under a limit of its address space, and tells what it used.
"""

import ctypes
import gzip
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.privacy.corpus import content
from tests.privacy.corpus.places import DAY, index, partition
from tests.privacy.finished_home import REPOSITORY, Home
from tests.privacy.judging import copied

_GIB = 2**30
_MOST_RESIDENT = 1.5 * _GIB
_MOST_ADDRESSES = 8 * _GIB
_HANG_S = 500
"""Guards against a hang; no promise of speed."""

_DROP_FROM_BOUNDING_SET, _DAC_OVERRIDE, _DAC_READ_SEARCH = 24, 1, 2


def _zip_bomb(home: Home) -> None:
    """A hundred entries of a hundred megabytes in ten megabytes."""
    plain = 100_000_000
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(bytes(plain)) + deflate.flush()
    checksum = zlib.crc32(bytes(plain))
    body, listed = b"", b""
    for number in range(100):
        name = b"%03d" % number
        fields = (20, 0, 8, 0, 33, checksum, len(packed), plain, len(name), 0)
        listed += struct.pack("<4sH5H3L5H2L", b"PK\1\2", 20, *fields, 0, 0, 0, 0, len(body)) + name
        body += struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name + packed
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 100, 100, len(listed), len(body), 0)
    _beside_page(home).write_bytes(body + listed + end)


def _nested_zips(home: Home) -> None:
    inner = b"nothing"
    for _ in range(300):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.zip", inner)
        inner = buffer.getvalue()
    _beside_page(home).write_bytes(inner)


def _gzip_bomb(home: Home) -> None:
    """Five gigabytes in members of fifty megabytes."""
    _beside_part(home).write_bytes(gzip.compress(bytes(50_000_000)) * 100)


def _deep_json(home: Home) -> None:
    _beside_part(home).write_text("[" * 10_000 + _vector() + "]" * 10_000)


def _deep_receipt(home: Home) -> None:
    (receipt,) = partition(home, "gate_events").glob("*.receipt.json")
    receipt.write_text('{"rows":' * 10_000 + _vector() + "}" * 10_000)


def _truncated_parquet(home: Home) -> None:
    part = partition(home, "gate_events") / "part.parquet"
    part.write_bytes(part.read_bytes()[:-200])


def _sparse(home: Home) -> None:
    _hollow(_beside_part(home))


def _sparse_page(home: Home) -> None:
    _hollow(home.page(DAY))


def _huge_png(home: Home) -> None:
    """Ten thousand million pixels by its header, one line of them by its data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">2L5B", 100_000, 100_000, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes(300_001)))
    _beside_page(home).write_bytes(b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b""))


def _loop(home: Home) -> None:
    folder = partition(home, "gate_events")
    (folder / "again").symlink_to(folder, target_is_directory=True)


def _fifo(home: Home) -> None:
    os.mkfifo(_beside_part(home))


def _fifo_for_a_page(home: Home) -> None:
    home.page(DAY).unlink()
    os.mkfifo(home.page(DAY))


def _unreadable(home: Home) -> None:
    (partition(home, "gate_events") / "part.parquet").chmod(0)


def _unreadable_folder(home: Home) -> None:
    _touched(partition(home, "zone_visits") / "more" / "x").parent.chmod(0)


def _corrupt_sqlite(home: Home) -> None:
    """Every fourth page says of itself what cannot be."""
    pages = bytearray(index(home).read_bytes())
    for page in range(2, len(pages) // 4096, 4):
        pages[4096 * page : 4096 * page + 12] = b"\xff" * 12
    index(home).write_bytes(bytes(pages))


def _truncated_sqlite(home: Home) -> None:
    os.truncate(index(home), index(home).stat().st_size // 2 + 100)


def _garbage_duckdb(home: Home) -> None:
    """A file that begins as DuckDB's do."""
    core = home.settings.warehouse / "core.duckdb"
    core.write_bytes(core.read_bytes()[:16] + b"garbage " * 20_000)


def _truncated_duckdb(home: Home) -> None:
    core = home.settings.warehouse / "core.duckdb"
    os.truncate(core, core.stat().st_size // 2)


def _nothing(_home: Home) -> None:
    """So that the rest is known to fail for what it is."""


_HARMLESS = "nothing at all"
HOSTILE: dict[str, Callable[[Home], None]] = {
    "a zip bomb": _zip_bomb,
    "three hundred zips in each other": _nested_zips,
    "a gzip bomb": _gzip_bomb,
    "JSON ten thousand deep": _deep_json,
    "a receipt ten thousand deep": _deep_receipt,
    "a truncated Parquet file": _truncated_parquet,
    "a sparse file of 100 GB": _sparse,
    "a sparse page of 100 GB": _sparse_page,
    "a PNG that claims to be huge": _huge_png,
    "a loop of links": _loop,
    "a FIFO": _fifo,
    "a FIFO in place of a page": _fifo_for_a_page,
    "an unreadable partition": _unreadable,
    "an unreadable folder": _unreadable_folder,
    "an event log with corrupt pages": _corrupt_sqlite,
    "a truncated event log": _truncated_sqlite,
    "garbage in place of a mart": _garbage_duckdb,
    "a truncated mart": _truncated_duckdb,
}
_ELSEWHERE = {
    "dagster": {"an event log with corrupt pages", "a truncated event log"},
    "warehouse": {"garbage in place of a mart", "a truncated mart"},
    "report": {
        "a zip bomb",
        "three hundred zips in each other",
        "a sparse page of 100 GB",
        "a PNG that claims to be huge",
        "a FIFO in place of a page",
    },
}
"""What is put into another place than the lake."""


@pytest.fixture(scope="session")
def told(finished: Home, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What one process said of every case, and the memory it took."""
    homes = {}
    for number, (name, put) in enumerate([(_HARMLESS, _nothing), *HOSTILE.items()]):
        home = copied(finished.root, tmp_path_factory.mktemp(f"hostile-{number}") / "var")
        if name not in _ELSEWHERE["dagster"]:
            # The event log is the larger part of a home and takes no part here.
            for path in (home.dagster / "history" / "runs").glob("*.db"):
                path.unlink()
        put(home)
        # Elsewhere nothing is hostile; the audit looks everywhere all the same.
        place = next((place for place, names in _ELSEWHERE.items() if name in names), "lake")
        homes[name] = (str(home.root), place)
    asked = subprocess.run(
        [sys.executable, "-m", "tests.privacy.asked", str(_MOST_ADDRESSES), json.dumps(homes)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        timeout=_HANG_S,
        preexec_fn=_limited,
    )
    assert asked.returncode == 0, asked.stderr[-3000:]
    answer: dict[str, Any] = json.loads(asked.stdout.splitlines()[-1])
    return answer


def _limited() -> None:
    # So that a file without permissions cannot be read by root either.
    libc = ctypes.CDLL(None)
    for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
        libc.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


@pytest.mark.parametrize("who", ["search", "audit"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_never_a_pass(name: str, who: str, told: Mapping[str, Any]) -> None:
    answer = told["cases"][name][who]
    assert answer["passed"] is False, answer


def test_a_home_with_nothing_hostile_in_it_passes(told: Mapping[str, Any]) -> None:
    assert all(answer["passed"] for answer in told["cases"][_HARMLESS].values())


def test_all_of_it_is_looked_at_in_bounded_memory(told: Mapping[str, Any]) -> None:
    assert told["resident_bytes"] < _MOST_RESIDENT


def _vector() -> str:
    return json.dumps(content.embedding(128).tolist())


def _hollow(path: Path) -> None:
    """Make the file one of 100 GB that takes no room but for a face far behind its beginning."""
    with path.open("ab") as file:
        file.truncate(100 * 10**9)
        os.pwrite(file.fileno(), content.picture(content.face(), "JPEG"), 60 * 10**9 + 11)


def _beside_part(home: Home) -> Path:
    return partition(home, "gate_events") / "beside"


def _beside_page(home: Home) -> Path:
    return home.settings.reports / "site=arcade" / "beside"


def _touched(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path
