"""Many files in child processes: every one ends measured or set aside, and none harms another."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import pytest

from tests.unit.vision.exports import media
from tests.unit.vision.exports.hostile import MEASURE
from vision.exports import pool
from vision.exports.child import Child
from vision.exports.limits import Limits
from vision.exports.places import Bucket, Folder, Source, Unreachable
from vision.exports.pool import Candidate, Probed, SetAside, probe_all

STRICT = Limits(memory_bytes=2**30, probe_s=2.0)


def candidate(path: Path) -> Candidate:
    size = path.stat().st_size if path.is_file() else 0
    return Candidate(Source(Folder(path.parent), path.name), size)


def put(folder: Path, content: str, name: str = "") -> Candidate:
    path = folder / (name or f"{content}.mp4")
    path.write_text(content)
    return candidate(path)


def outcome(found: Probed | SetAside) -> str:
    return found.reason if isinstance(found, SetAside) else "measured"


@pytest.fixture
def video(tmp_path: Path) -> Candidate:
    return candidate(media.write(tmp_path))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param("crash", "decoder_crashed", id="a file that crashes the decoder"),
        pytest.param("raise", "decoder_crashed", id="a file that a library trips over"),
        pytest.param("lie", "decoder_crashed", id="a file that takes the decoder over"),
        pytest.param("babble", "decoder_crashed", id="a file that answers with a list"),
        pytest.param("rave", "decoder_crashed", id="a file that answers without end"),
        pytest.param("blame", "decoder_crashed", id="a file that blames the folder that it is in"),
        pytest.param("boast", "decoder_crashed", id="a file that claims what no video has"),
        pytest.param("hang", "took_too_long", id="a file that stalls the decoder"),
        pytest.param("explode", "took_too_much_memory", id="a file that explodes in memory"),
        pytest.param("out of memory", "took_too_much_memory", id="a file that the kernel stops"),
    ],
)
def test_a_hostile_file_costs_itself(
    tmp_path: Path, video: Candidate, content: str, reason: str
) -> None:
    hostile = put(tmp_path, content)
    found = list(probe_all([video, hostile, video, video], STRICT, workers=1, measure=MEASURE))
    assert [outcome(one) for one in found] == ["measured", reason, "measured", "measured"]
    assert found[1].content is not None
    assert found[1].content.size_bytes == len(content)


def test_no_file_pays_for_the_one_before_it(tmp_path: Path, video: Candidate) -> None:
    files = [video, put(tmp_path, "poison"), video, video]
    found = list(probe_all(files, STRICT, workers=1, measure=MEASURE))
    assert [outcome(one) for one in found] == ["measured", "unreadable", "measured", "measured"]


def test_outcomes_come_in_the_order_given_whichever_is_done_first(
    tmp_path: Path, video: Candidate
) -> None:
    files = [put(tmp_path, "crash"), video, put(tmp_path, "words"), video, put(tmp_path, "hang")]
    done: list[int] = []
    found = list(probe_all(files * 2, STRICT, workers=2, on_file=done.append, measure=MEASURE))
    assert [one.file for one in found] == files * 2
    assert [outcome(one) for one in found] == 2 * [
        "decoder_crashed",
        "measured",
        "unreadable",
        "measured",
        "took_too_long",
    ]
    assert done == list(range(1, 11))


def test_files_are_looked_up_only_a_little_ahead(video: Candidate) -> None:
    asked = count()

    def endless() -> Iterator[Candidate]:
        while next(asked) >= 0:
            yield video

    assert all(isinstance(one, Probed) for one in islice(probe_all(endless(), workers=1), 3))
    assert next(asked) < 1000


def test_a_file_is_told_by_its_content(tmp_path: Path) -> None:
    first, second = (media.write(tmp_path, name=f"{n}.mp4") for n in "ab")
    os.utime(second, (1_700_000_000.9, 1_700_000_000.9))
    one, other = (
        found.content for found in probe_all([candidate(first), candidate(second)], workers=1)
    )
    assert one is not None
    assert other is not None
    assert one.sha256 == other.sha256
    assert other.modified_at.isoformat() == "2023-11-14T22:13:20+00:00"
    assert other.size_bytes == second.stat().st_size


def test_a_bucket_that_fails_is_no_fault_of_the_file() -> None:
    pytest.importorskip("s3fs", reason="s3fs is not installed: pip install 'footfall-dagster[s3]'")
    broken = Candidate(Source(Bucket("s3://recordings", "http://127.0.0.1:9"), "clip.mp4"), 1)
    with pytest.raises(Unreachable, match="run the camera-day again"):
        list(probe_all([broken], workers=1))


def test_a_bucket_that_gives_nothing_is_no_fault_of_the_file(
    video: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("s3fs", reason="s3fs is not installed: pip install 'footfall-dagster[s3]'")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "recorder")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        slow = Candidate(Source(Bucket("s3://recordings", endpoint), "clip.mp4"), 1)
        limits = Limits(probe_s=1.0, store_s=1.0)
        with pytest.raises(Unreachable, match=r"did not answer in time while clip\.mp4 was read"):
            list(probe_all([video, slow], limits, workers=1))


def test_a_file_of_a_bucket_that_hangs_its_decoder_is_set_aside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Alarmed(Child):
        def answer(self, seconds: float) -> bytes:
            if self.asked:
                os.kill(self._process.pid, signal.SIGALRM)
            return super().answer(seconds)

    monkeypatch.setattr(pool, "Child", Alarmed)
    file = Candidate(Source(Bucket("s3://recordings", "http://127.0.0.1:9"), "clip.mp4"), 1)
    (found,) = probe_all([file], STRICT, workers=1)
    assert outcome(found) == "took_too_long"


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_is_no_file_is_unreadable(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "clip.mp4"
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    (found,) = probe_all([candidate(path)], workers=1)
    assert (outcome(found), found.content) == ("unreadable", None)


def test_an_archive_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"PK\x03\x04\x14\x00\x01\x00" + bytes(100))
    (found,) = probe_all([candidate(path)], workers=1)
    assert isinstance(found, SetAside)
    assert (found.reason, found.kind) == ("encrypted", "encrypted_zip")


def test_children_that_do_not_start_are_no_fault_of_the_files(video: Candidate) -> None:
    with pytest.raises(ChildProcessError, match=r"to see why: it should say READY"):
        list(probe_all([video], workers=1, measure="no.such.module:measure"))


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in listed for child in file.read_text().split()]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _wait_until_gone(pids: list[int]) -> None:
    while any(_lives(pid) for pid in pids):
        time.sleep(0.05)


def test_children_end_with_the_iterator(tmp_path: Path, video: Candidate) -> None:
    before = set(_children(os.getpid()))
    outcomes = probe_all([video, put(tmp_path, "hang")] * 3, workers=2, measure=MEASURE)
    next(outcomes)
    ours = [pid for pid in _children(os.getpid()) if pid not in before]
    assert ours
    outcomes.close()
    _wait_until_gone(ours)


def test_children_end_by_themselves_when_whom_they_serve_is_killed(
    tmp_path: Path, video: Candidate
) -> None:
    hanging = put(tmp_path, "hang")
    script = (
        "from tests.unit.vision.exports.test_pool import *\n"
        f"files = [candidate(Path({str(video.source.path)!r}))] * 2\n"
        f"files += [candidate(Path({str(hanging.source.path)!r}))]\n"
        "for _ in probe_all(files, Limits(probe_s=3), workers=2, measure=MEASURE):\n"
        "    print('one', flush=True)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    parent.stdout.readline(), parent.stdout.readline()
    children = _children(parent.pid)
    assert children
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    _wait_until_gone(children)
