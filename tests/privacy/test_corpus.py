"""Leaks of every kind, each alone in a finished home: the wall and the search between them miss
none.

One of each kind in every run; `pytest -s -m "long or not long" tests/privacy/test_corpus.py` has
all of them, and prints who caught what.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import dagster as dg
import pytest

from tests.privacy.corpus import KINDS, PLANTS
from tests.privacy.corpus.dagster_storage import run, stored, ungated
from tests.privacy.corpus.places import core, published
from tests.privacy.finished_home import Home
from tests.privacy.judging import HEADING, Verdict, audit_of, copied, judge, search_of

# Its fixture audits and searches a home for each of up to two hundred plants, in one test's time.
pytestmark = pytest.mark.timeout(1800)
FIRST_OF_KIND = {plant.kind: name for name, plant in reversed(PLANTS.items())}
_LEAKS = [
    pytest.param(name, marks=() if name in FIRST_OF_KIND.values() else pytest.mark.long)
    for name in PLANTS
]


@pytest.fixture(scope="session")
def verdicts(
    request: pytest.FixtureRequest, finished: Home, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Verdict]:
    """What all say of every plant that this run asks for."""
    wanted = {item.callspec.params["name"] for item in request.session.items if _is_leak(item)}
    planted = [name for name in PLANTS if name in wanted or name in FIRST_OF_KIND.values()]
    works = tmp_path_factory.mktemp("planted")
    ask = partial(judge, finished=finished.root, works=works)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = dict(zip(planted, pool.map(ask, planted), strict=True))
    print(f"\n{HEADING}", *found.values(), sep="\n")  # noqa: T201
    return found


def _is_leak(item: pytest.Item) -> bool:
    return getattr(item, "originalname", "") == test_a_leak_is_caught.__name__


def test_every_kind_is_planted_at_least_twice() -> None:
    planted = Counter(plant.kind for plant in PLANTS.values())
    assert {kind for kind in KINDS if planted[kind] < 2} == set()
    assert len(PLANTS) >= 65


def test_the_finished_home_itself_is_clean(finished: Home) -> None:
    audited, searched = audit_of(finished), search_of(finished)
    assert audited.findings == audited.unread == ()
    assert searched.findings == searched.unread == ()
    assert min(audited.files, searched.files) > 20


def _ordinary(_context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"charts": 7, "page": "reports/2026-03-13.html"})


def _failing(_context: dg.AssetExecutionContext) -> None:
    raise OSError(28, "No space left on device: '/srv/footfall/lake/_pending/part.parquet'")


def _ordinary_run(home: Home) -> None:
    with home.open() as instance:
        assert run(home, instance, _ordinary)


def _failed_run(home: Home) -> None:
    with home.open() as instance:
        assert not run(home, instance, _failing)


def _opened_marts(home: Home) -> None:
    """As the plants in DuckDB leave the file, but for the leak."""
    for connect in (core, published):
        with connect(home) as connection:
            connection.execute("CHECKPOINT")


HARMLESS: dict[str, Callable[[Home], None]] = {
    "an ordinary run": _ordinary_run,
    "a run that failed for want of space": _failed_run,
    "marts that were opened for writing": _opened_marts,
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_done_around_a_leak_is_no_finding_by_itself(
    name: str, finished: Home, tmp_path: Path
) -> None:
    home = copied(finished.root, tmp_path / "var")
    HARMLESS[name](home)
    assert audit_of(home).passed
    assert search_of(home).passed


def test_a_run_outside_the_gate_is_no_finding_of_the_search_by_itself(
    finished: Home, tmp_path: Path
) -> None:
    home = copied(finished.root, tmp_path / "var")
    with ungated(home) as instance:
        assert run(home, instance, _ordinary)
    assert search_of(home).passed


def test_what_the_gate_withholds_is_stored_without_it(finished: Home, tmp_path: Path) -> None:
    """The needle by which a door is judged is one."""

    def tells(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        context.log.info("gallery %s", bytes(range(256)).hex())
        return dg.MaterializeResult()

    home = copied(finished.root, tmp_path / "var")
    with ungated(home) as instance:
        run(home, instance, tells)
    assert stored(home, [bytes(range(80, 92)).hex()])


@pytest.mark.parametrize("name", _LEAKS)
def test_a_leak_is_caught(name: str, verdicts: Mapping[str, Verdict]) -> None:
    assert verdicts[name].caught


def test_the_wall_stops_or_finds_nearly_every_leak(verdicts: Mapping[str, Verdict]) -> None:
    missed = [name for name, verdict in verdicts.items() if not verdict.walled]
    print(f"the wall: {1 - len(missed) / len(verdicts):.1%} of {len(verdicts)}; missed:", missed)  # noqa: T201
    assert len(missed) <= 0.05 * len(verdicts), missed


def test_the_search_alone_finds_nine_in_ten(verdicts: Mapping[str, Verdict]) -> None:
    missed = [name for name, verdict in verdicts.items() if not verdict.searched]
    print(f"the search: {1 - len(missed) / len(verdicts):.1%} of {len(verdicts)}; missed:", missed)  # noqa: T201
    assert len(missed) <= 0.1 * len(verdicts), missed


@pytest.mark.parametrize(
    "name",
    [
        "a vector as hex in the name of an empty file",
        "a face as base64 in the name of a gate",
        "a vector in the names of a table schema",
        "vectors in an arrow file beside a partition",
    ],
)
def test_a_finding_does_not_repeat_what_it_found(name: str, finished: Home, tmp_path: Path) -> None:
    home = copied(finished.root, tmp_path / "var")
    PLANTS[name].put(home)
    told = " ".join(
        f"{finding.file} {finding.place} {finding.kind}"
        for evidence in (audit_of(home), search_of(home))
        for finding in (*evidence.findings, *evidence.unread)
    )
    assert told
    words = (word for part in told.split() for word in part.split("/"))
    assert [word for word in words if len(word) > 60] == []
