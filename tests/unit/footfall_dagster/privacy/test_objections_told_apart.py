"""Whoever compares the releases before and after a batch learns its days, and nothing else."""

import datetime as dt
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assets.marts.of_gates import GATE_COUNTS_15MIN
from tests.unit.objected_mall import DAYS, NOW, PEOPLE, PLACES, Mall, objection
from vision.objections import Objection

BATCH = 5
CAMERAS = {"cam_a", "cam_b"}
ROUNDS = 1
"""Of two batches each, of which either is carried out once; more than one takes minutes."""
Batch = tuple[Objection, ...]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days, stored and published before anybody objected."""
    home = tmp_path_factory.mktemp("objections") / "home"
    for day in DAYS:
        Mall(home).record(day)
        Mall(home).publish(day)
    return home


def copied(home: Path, to: Path, withdraw: str = "week") -> Mall:
    shutil.copytree(home, to)
    return Mall(to, withdraw)


def drawn(dice: random.Random, days: Sequence[dt.date]) -> Batch:
    """Five people who object, each to a place, a moment and a day of theirs."""
    people = dice.sample(range(PEOPLE), BATCH)
    return tuple(objection(dice.choice(days), person, dice.choice(PLACES)) for person in people)


def guess(before: Any, after: Any, first: Batch, second: Batch) -> int:
    """The attacker: which of two batches it was, 0 or 1, by what differs between two releases.

    Takes the one whose people explain best which quarters of which camera's gates have changed.
    """
    (old, _), (new, _) = before, after
    name = GATE_COUNTS_15MIN.name
    changed = {
        (at, camera)
        for row in set(old[name]).symmetric_difference(new[name])
        for at in row
        for camera in CAMERAS & set(row)
        if isinstance(at, dt.datetime) and at.tzinfo
    }
    wrong = [
        len(changed.symmetric_difference((_quarter(one.starts), _camera(one)) for one in batch))
        for batch in (first, second)
    ]
    return int(wrong[1] < wrong[0])


def _quarter(at: dt.datetime) -> dt.datetime:
    return at.replace(minute=at.minute // 15 * 15, second=0)


def _camera(one: Objection) -> str:
    place = one.place
    at_back = place.id in {"back", "aisle"} or place.x_m > 5
    return "cam_b" if at_back else "cam_a"


def released_naively(mall: Mall, batch: Batch) -> object:
    """What would be published if the day were only computed again without the objectors."""
    mall.carry_out(*batch)
    mall.objecting.warehouse.withdrawn.path(mall.site.id).unlink()
    mall.publish(DAYS[0])
    return mall.released


def test_an_attacker_tells_batches_apart_where_days_are_only_computed_again(
    published: Path, tmp_path: Path
):
    dice, before, right = random.Random(4), Mall(published).released, 0
    batches = drawn(dice, DAYS[:1]), drawn(dice, DAYS[:1])
    for truth in (0, 1):
        after = released_naively(copied(published, tmp_path / str(truth)), batches[truth])
        right += guess(before, after, *batches) == truth
    assert right == 2


def test_five_objections_cannot_be_told_apart_by_the_releases_around_them(
    published: Path, tmp_path: Path
):
    dice, before, right = random.Random(4), Mall(published).released, 0
    seen = []
    for number in range(ROUNDS):
        batches = drawn(dice, DAYS[:2]), drawn(dice, DAYS[:2])
        for truth in (0, 1):
            mall = copied(published, tmp_path / f"{number} {truth}")
            mall.carry_out(*batches[truth])
            after = mall.released
            right += guess(before, after, *batches) == truth
            seen.append(after)
    # No attacker does better: whoever they are, they look at the same thing each time.
    assert all(one == seen[0] for one in seen)
    assert right == ROUNDS
    assert seen[0] != before


def test_nor_can_how_many_they_were(published: Path, tmp_path: Path):
    batch = drawn(random.Random(1), DAYS[:2])
    one, five = copied(published, tmp_path / "one"), copied(published, tmp_path / "five")
    one.carry_out(batch[0])
    five.carry_out(*batch)
    assert one.released == five.released


def test_where_only_days_are_withdrawn_a_batch_is_told_by_its_days_alone(
    published: Path, tmp_path: Path
):
    dice, seen = random.Random(2), []
    for number in range(2):
        mall = copied(published, tmp_path / str(number), withdraw="day")
        mall.carry_out(*drawn(dice, DAYS[:1]))
        seen.append(mall.released)
        assert mall.rows(GATE_COUNTS_15MIN.name, DAYS[0]).is_empty()
        assert not mall.rows(GATE_COUNTS_15MIN.name, DAYS[1]).is_empty()
    assert all(one == seen[0] for one in seen)


def test_what_tells_of_a_withdrawn_day_on_another_day_is_withdrawn_as_well(
    published: Path, tmp_path: Path
):
    mall = copied(published, tmp_path / "mall")
    before = mall.rows("space_value_daily", DAYS[2])
    counts = mall.rows(GATE_COUNTS_15MIN.name, DAYS[2])
    mall.carry_out(*drawn(random.Random(3), DAYS[:2]))
    assert not before.is_empty()
    # It compares with the week before.
    assert mall.rows("space_value_daily", DAYS[2]).is_empty()
    assert mall.rows(GATE_COUNTS_15MIN.name, DAYS[2]).equals(counts)
    pages = mall.settings.public_reports.rglob("*.html")
    assert [page.stem for page in pages] == [str(DAYS[2])]


def test_nothing_of_a_withdrawn_day_is_published_by_a_later_run(published: Path, tmp_path: Path):
    mall = copied(published, tmp_path / "mall")
    to_make = mall.carry_out(*drawn(random.Random(3), DAYS[:2]))
    released, file = mall.released, mall.objecting.warehouse.published
    written = file.read_bytes()
    assert to_make == DAYS
    for day in to_make:
        mall.publish(day)
    assert mall.released == released
    assert file.read_bytes() == written
    assert NOW.date() not in mall.objecting.warehouse.withdrawn.days(mall.site.id)
