"""Draws are kept, and a day has only so many of them."""

import dataclasses
import datetime as dt
import hashlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.marts.of_zones import ZONE_VISITS_HOURLY
from assets.storage import Asked, BudgetSpentError, Figures
from footfall_dagster.noise_ledger import FolderNoiseLedger
from vision.site.release import Noise

DAY = dt.date(2026, 3, 11)
MART = ZONE_VISITS_HOURLY.name


def asked(content: str = "as it was", pieces: float = 1, **noise: float) -> Asked:
    return Asked(
        "mall", DAY, MART, Noise(**noise), pieces, rows=digest("rows"), content=digest(content)
    )


def digest(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()


def gives(*figures: int | None) -> Callable[[], Figures]:
    return lambda: figures


def never() -> Figures:
    raise AssertionError("nothing may be drawn")


@pytest.fixture
def ledger(tmp_path: Path) -> FolderNoiseLedger:
    return FolderNoiseLedger(tmp_path / "noise")


def only_file(ledger: FolderNoiseLedger) -> Path:
    [path] = (path for path in ledger.root.rglob("*") if path.is_file())
    return path


def test_what_was_drawn_once_is_not_drawn_again(ledger: FolderNoiseLedger):
    first = ledger.kept_or_drawn(asked(), gives(4, None, 0))
    stored = only_file(ledger).read_bytes()
    again = FolderNoiseLedger(ledger.root).kept_or_drawn(asked(), never)
    assert again == dataclasses.replace(first, is_new=False)
    assert (again.figures, again.number, again.cost, again.spent) == ((4, None, 0), 1, 1.0, 1.0)
    assert only_file(ledger).read_bytes() == stored


def test_other_content_is_another_draw_and_costs_again(ledger: FolderNoiseLedger):
    ledger.kept_or_drawn(asked(), gives(4))
    second = ledger.kept_or_drawn(asked("a late camera"), gives(5))
    assert (second.figures, second.number, second.spent, second.is_new) == ((5,), 2, 2.0, True)


def test_content_that_comes_back_has_the_draw_that_it_had(ledger: FolderNoiseLedger):
    ledger.kept_or_drawn(asked(), gives(4))
    ledger.kept_or_drawn(asked("a late camera"), gives(5))
    assert ledger.kept_or_drawn(asked(), never).figures == (4,)


def test_a_day_whose_budget_is_spent_is_not_drawn_again_and_keeps_what_it_has(
    ledger: FolderNoiseLedger,
):
    noise = {"epsilon": 0.1, "budget": 0.3}
    for number in range(3):
        ledger.kept_or_drawn(asked(str(number), **noise), gives(number))
    with pytest.raises(BudgetSpentError) as refused:
        ledger.kept_or_drawn(asked("once more", **noise), never)
    told = str(refused.value)
    assert all(part in told for part in (MART, str(DAY), "0.3 so far", "0.1", "Keep what is"))
    assert ledger.kept_or_drawn(asked("2", **noise), never).figures == (2,)
    assert len(list(ledger.root.rglob("*.json"))) == 3


def test_the_budget_is_of_all_marts_and_parameters_of_a_day_and_of_no_other(
    ledger: FolderNoiseLedger,
):
    ledger.kept_or_drawn(asked(epsilon=2, budget=3), gives(1))
    other_day = dataclasses.replace(asked(epsilon=2, budget=3), day=DAY + dt.timedelta(days=1))
    assert ledger.kept_or_drawn(other_day, gives(2)).spent == 2
    other_site = dataclasses.replace(asked(epsilon=2, budget=3), site="arcade")
    assert ledger.kept_or_drawn(other_site, gives(3)).spent == 2
    with pytest.raises(BudgetSpentError):
        ledger.kept_or_drawn(asked("other parameters", epsilon=1.5, budget=3), never)


def test_people_in_more_pieces_than_promised_cost_more(ledger: FolderNoiseLedger):
    first = ledger.kept_or_drawn(asked(pieces=3, pieces_per_person=2), gives(1))
    assert (first.cost, first.spent) == (1.5, 1.5)
    with pytest.raises(BudgetSpentError, match="in 4 pieces, not 2"):
        ledger.kept_or_drawn(asked("next", pieces=4, pieces_per_person=2), never)


def test_people_in_fewer_pieces_than_promised_cost_no_less():
    assert asked(pieces=1, pieces_per_person=4).cost == 1


def test_a_first_draw_that_costs_more_than_the_budget_is_refused(ledger: FolderNoiseLedger):
    with pytest.raises(BudgetSpentError, match="0 so far"):
        ledger.kept_or_drawn(asked(epsilon=4, budget=3), never)


def test_the_last_draw_is_told_where_it_is_of_the_same_rows(ledger: FolderNoiseLedger):
    assert ledger.last("mall", DAY, MART, digest("rows")) is None
    ledger.kept_or_drawn(asked(), gives(4))
    ledger.kept_or_drawn(asked("a late camera"), gives(5))
    last = ledger.last("mall", DAY, MART, digest("rows"))
    assert last is not None
    assert (last.figures, last.number, last.spent) == ((5,), 2, 2.0)
    assert ledger.last("mall", DAY, MART, digest("other rows")) is None


def test_days_are_forgotten_with_their_cost(ledger: FolderNoiseLedger):
    ledger.kept_or_drawn(asked(), gives(4))
    assert ledger.days("mall") == {DAY}
    ledger.forget("mall", [DAY])
    assert ledger.days("mall") == set()
    assert ledger.kept_or_drawn(asked(), gives(7)).spent == 1


def in_a_process(ledger: FolderNoiseLedger, dies: str = "") -> int:
    """Draw in a process of its own, that kills itself when it has come so far; return its id."""
    child = os.fork()
    if child:
        return child
    try:

        def die_if(reached: str) -> None:
            if reached == dies:
                os.kill(os.getpid(), signal.SIGKILL)

        def draw() -> Figures:
            die_if("drawn")
            return (3, 1, 4)

        sys.addaudithook(lambda event, _: die_if("written") if event == "os.rename" else None)
        ledger.kept_or_drawn(asked(), draw)
        die_if("kept")
        os._exit(0)
    finally:
        os._exit(1)


def killed(ledger: FolderNoiseLedger, when: str) -> None:
    _, status = os.waitpid(in_a_process(ledger, when), 0)
    assert os.WIFSIGNALED(status)


def test_who_is_killed_between_draw_and_publication_publishes_the_same(ledger: FolderNoiseLedger):
    killed(ledger, "kept")
    assert ledger.kept_or_drawn(asked(), never).figures == (3, 1, 4)


@pytest.mark.parametrize("when", ["drawn", "written"])
def test_a_draw_that_nobody_saw_has_cost_nothing_and_leaves_nothing(
    ledger: FolderNoiseLedger, when: str
):
    killed(ledger, when)
    assert ledger.kept_or_drawn(asked(), gives(8)).spent == 1
    assert only_file(ledger).suffix == ".json"


def test_two_processes_that_ask_at_once_get_one_draw(ledger: FolderNoiseLedger):
    both = [in_a_process(ledger) for _ in range(2)]
    assert [os.waitpid(child, 0)[1] for child in both] == [0, 0]
    assert only_file(ledger).name == f"{DAY}.{MART}.1.json"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda text: text.replace('"epsilon": 1.0', '"epsilon": 0.0'), id="no epsilon"
        ),
        pytest.param(lambda text: text.replace("[4,", "[400000000000,"), id="a large figure"),
        pytest.param(lambda text: text.replace("[4,", "[-4,"), id="a figure below 0"),
        pytest.param(lambda text: text + "\n", id="a byte more"),
        pytest.param(lambda text: text.replace("{", '{"a": 1, ', 1), id="a field more"),
        pytest.param(lambda text: text[: len(text) // 2], id="half of it"),
        pytest.param(lambda text: "[]", id="something else"),
    ],
)
def test_a_file_that_was_changed_is_no_release(
    ledger: FolderNoiseLedger, change: Callable[[str], str]
):
    ledger.kept_or_drawn(asked(), gives(4, None))
    path = only_file(ledger)
    assert ledger.release_at(path) is not None
    path.write_text(change(path.read_text()))
    assert ledger.release_at(path) is None
    with pytest.raises(ValueError, match="no noisy release as it was written"):
        ledger.kept_or_drawn(asked("next"), never)
