"""The chain of records: what is added stays, and what was changed, taken or dropped is found."""

import datetime as dt
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.privacy_record import entry
from footfall_dagster.privacy import chain as chain_module
from footfall_dagster.privacy.chain import NOTHING, Break, Chain
from footfall_dagster.privacy.findings import Evidence, Finding

DAY = dt.date(2026, 3, 14)
NOW = dt.datetime(2026, 3, 15, 6, 30, tzinfo=dt.UTC)


def told(*findings: Finding) -> dict[str, Any]:
    evidence = Evidence("search", "everything", 3, 4096, 0, 1.5, findings=findings)
    return {"written_at": NOW, "version": "0.1.0", "checks": [entry(evidence, NOW)]}


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return Chain(tmp_path / "records", "arcade")


def files(chain: Chain) -> list[Path]:
    return sorted(chain.folder.iterdir())


def broken(chain: Chain) -> list[str]:
    return [str(one) for one in chain.verify().breaks]


def test_each_record_holds_the_hash_of_the_one_before(chain: Chain) -> None:
    first, second, third = (chain.append(DAY + dt.timedelta(days=n), told()) for n in range(3))
    assert first.content["previous"] == NOTHING
    assert second.content["previous"] == first.digest
    assert third.content["previous"] == second.digest
    verdict = chain.verify([(2, second.seal), (0, third.digest)])
    assert (verdict.head, verdict.records, verdict.breaks) == (third, 3, ())


def test_no_records_are_a_chain_that_holds_and_has_no_head(chain: Chain) -> None:
    verdict = chain.verify()
    assert (verdict.head, verdict.records, verdict.breaks) == (None, 0, ())


def test_a_day_that_is_told_of_again_gets_a_new_record_and_keeps_the_old_one(chain: Chain) -> None:
    chain.append(DAY, told())
    before = files(chain)[0].read_bytes()
    chain.append(DAY - dt.timedelta(days=30), told())
    again = chain.append(DAY, told(Finding("lake/gate_events", "column 3", "vector", 0.9)))
    assert files(chain)[0].read_bytes() == before
    assert [record.number for record in chain.of_day(DAY)] == [1, 3]
    assert chain.of_day(DAY)[-1] == again
    assert broken(chain) == []


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        pytest.param(
            lambda paths: paths[1].write_text(
                paths[1].read_text().replace('"files": 3', '"files": 4')
            ),
            ["record 3: does not fit the one before, so one was changed"],
            id="a figure is changed",
        ),
        pytest.param(
            lambda paths: paths[1].unlink(),
            ["record 2: is gone"],
            id="a record is taken out",
        ),
        pytest.param(
            lambda paths: paths[0].unlink(),
            ["record 1: is gone"],
            id="the first record is taken out",
        ),
        pytest.param(
            lambda paths: paths[2].write_bytes(paths[2].read_bytes()[:-40]),
            [
                "record 3: cannot be read as a record: it was changed, or cut short",
                "record 4: does not fit the one before, so one was changed",
            ],
            id="a record is cut short",
        ),
        pytest.param(
            lambda paths: paths[3].write_bytes(paths[3].read_bytes() + b"\n"),
            ["record 4: is not written as records are"],
            id="something follows the last record",
        ),
        pytest.param(
            lambda paths: paths[3].write_text(
                paths[3].read_text().replace('"files": 3', '"files": 3, "embedding": [0.25]')
            ),
            ["record 4: cannot be read as a record: it was changed, or cut short"],
            id="a field is added to the last record",
        ),
        pytest.param(
            lambda paths: paths[3].write_text(
                json.dumps(json.loads(paths[3].read_text()) | {"day": "2026-03-01"}, indent=1)
                + "\n"
            ),
            ["record 4: tells of another number, day or site than its name"],
            id="a record tells of another day",
        ),
        pytest.param(
            lambda paths: (paths[0].parent / "crop.jpg").write_bytes(b"\xff\xd8\xff"),
            ["1 files beside the records are none"],
            id="something else lies there",
        ),
        pytest.param(
            lambda paths: paths[2].rename(paths[2].with_name("000003-2026-04-01.json")),
            ["record 3: tells of another number, day or site than its name"],
            id="a record is renamed",
        ),
        pytest.param(
            lambda paths: paths[2].with_name("000003-2026-04-01.json").write_bytes(b"{}\n"),
            ["record 3: there are two of this number"],
            id="a number is given twice",
        ),
    ],
)
def test_what_was_harmed_is_named(
    chain: Chain, harm: Callable[[list[Path]], object], said: list[str]
) -> None:
    for _ in range(4):
        chain.append(DAY, told())
    assert broken(chain) == []
    harm(files(chain))
    assert broken(chain) == said


@given(place=st.integers(0, 10**6), flipped=st.integers(1, 255))
def test_no_byte_of_any_but_the_last_record_can_change_unseen(place: int, flipped: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        chain = Chain(Path(folder), "arcade")
        for _ in range(3):
            chain.append(DAY, told())
        path = files(chain)[place % 2]
        content = bytearray(path.read_bytes())
        content[place % len(content)] ^= flipped
        path.write_bytes(content)
        assert broken(chain) != []


def test_dropped_last_records_are_found_only_by_what_was_noted_elsewhere(chain: Chain) -> None:
    kept, dropped = chain.append(DAY, told()), chain.append(DAY, told())
    files(chain)[-1].unlink()
    assert chain.verify([(1, kept.digest)]).breaks == ()
    assert chain.verify([(1, kept.digest), (2, dropped.digest)]).breaks == (
        Break(2, f"is gone, as noted elsewhere with the hash {dropped.seal}"),
    )


def test_a_chain_that_was_written_anew_is_found_only_by_what_was_noted_elsewhere(
    tmp_path: Path, chain: Chain
) -> None:
    head = chain.append(DAY, told(Finding("lake/gate_events", "column 3", "vector", 0.9)))
    anew = Chain(tmp_path / "anew", "arcade")
    anew.append(DAY, told())
    assert anew.verify().breaks == ()
    assert [one.number for one in anew.verify([(1, head.digest)]).breaks] == [1]
    assert [one.number for one in anew.verify([(0, head.digest)]).breaks] == [0]


def test_writers_at_the_same_time_make_one_chain(chain: Chain) -> None:
    def write() -> None:
        for _ in range(5):
            chain.append(DAY, told())

    writers = [threading.Thread(target=write) for _ in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    verdict = chain.verify()
    assert (verdict.records, verdict.breaks) == (30, ())


@pytest.mark.parametrize("moment", ["fsync", "rename"])
def test_a_writer_that_is_killed_leaves_the_chain_whole(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    chain.append(DAY, told())

    def die(*_arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def write_and_die() -> None:
        monkeypatch.setattr(*((os, "fsync") if moment == "fsync" else (Path, "rename")), die)
        chain.append(DAY, told())

    writer = multiprocessing.get_context("fork").Process(target=write_and_die)
    writer.start()
    writer.join()
    assert writer.exitcode == -signal.SIGKILL
    assert len(files(chain)) == 2
    assert broken(chain) == []
    assert chain.append(DAY, told()).number == 2
    assert [path.name[:6] for path in files(chain)] == ["000001", "000002"]
    assert broken(chain) == []


def test_what_a_killed_writer_left_is_removed_before_anybody_looks(chain: Chain) -> None:
    chain.append(DAY, told())
    (chain.folder / ".pending-0123").write_bytes(b"half a rec")
    chain.tidy()
    assert len(files(chain)) == 1


def test_a_text_that_may_not_stand_does_not_keep_a_finding_from_being_told(chain: Chain) -> None:
    leak = "data:image/jpeg;base64," + "k9Zq3Tj8" * 40
    record = chain.append(DAY, told(Finding("lake/gate_events", leak, "jpeg", 1.0)))
    (finding,) = record.content["checks"][0]["findings"]
    assert finding["kind"] == "jpeg"
    assert "withheld" in finding["place"]
    assert b"k9Zq3Tj8" not in files(chain)[0].read_bytes()
    assert broken(chain) == []


def test_the_chains_of_two_sites_are_two(tmp_path: Path) -> None:
    one, other = (Chain(tmp_path / name, name) for name in ("arcade", "mall"))
    one.append(DAY, told())
    other.append(DAY, told())
    (record,) = files(one)
    record.rename(other.folder / "000002-2026-03-14.json")
    assert [str(found) for found in other.verify().breaks] == [
        "record 2: tells of another number, day or site than its name"
    ]


def test_a_file_too_large_for_a_record_is_not_read(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.append(DAY, told())
    monkeypatch.setattr(chain_module, "_LARGEST", 10)
    assert broken(chain) == ["record 1: is larger than any record"]
