"""Finished homes, made once for all tests of the wall's proof.

Belongs here: the fixtures that several test modules share. Does not belong here: how a home is made
(`tests.privacy.finished_home`).
"""

import pytest

from tests.privacy.corpus.places import DAY
from tests.privacy.finished_home import Home, lay_out, materialise, record

PEOPLE = 120


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with one trading day of two cameras, its marts, its report and its event log."""
    home = lay_out(tmp_path_factory.mktemp("finished") / "var", DAY, DAY)
    record(home, DAY)
    with home.open() as instance:
        materialise(home, instance, [DAY], people=PEOPLE, seed=5)
    return home
