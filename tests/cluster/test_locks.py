"""Locks between machines: exclusive, freed with their holder, and lost with PostgreSQL."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall_dagster.locks import LockLostError, LockTimeoutError, locked
from footfall_dagster.settings import Settings
from footfall_dagster.store import StorePath
from tests.cluster.postgres import Postgres

Grown = Callable[[Path, str], Settings]
_FORK = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def place(grown: Grown, tmp_path_factory: pytest.TempPathFactory) -> StorePath:
    return grown(tmp_path_factory.mktemp("home"), "locks").lake / "tracks"


def _hold(place: StorePath, told: "multiprocessing.Queue[int]") -> None:
    with locked(place, timeout_s=30):
        told.put(os.getpid())
        time.sleep(600)


def _restart(postgres: Postgres) -> None:
    postgres.stop()
    postgres.start()


def test_one_at_a_time_in_one_process_and_several(place: StorePath) -> None:
    inside, most = [0], [0]

    def work() -> None:
        for _ in range(5):
            with locked(place, timeout_s=60):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.01)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most == [1]
    with locked(place, timeout_s=5), locked(place / "elsewhere", timeout_s=5):
        pass


def test_whoever_waits_is_told_who_has_it_and_gets_it_when_the_holder_is_killed(
    place: StorePath,
) -> None:
    told: multiprocessing.Queue[int] = _FORK.Queue()
    holder = _FORK.Process(target=_hold, args=(place, told))
    holder.start()
    pid = told.get(timeout=60)
    with (
        pytest.raises(LockTimeoutError, match="pg_stat_activity"),
        locked(place, timeout_s=0.5),
    ):
        pass
    os.kill(pid, signal.SIGKILL)
    with locked(place, timeout_s=30):
        pass
    holder.join()


def test_a_lock_that_was_lost_with_postgresql_is_told_as_such(
    place: StorePath, postgres: Postgres
) -> None:
    with (
        pytest.raises(LockLostError, match=r"PostgreSQL .* broke the connection"),
        locked(place, timeout_s=5),
    ):
        _restart(postgres)
    with locked(place, timeout_s=30):
        pass


def test_while_postgresql_is_away_one_waits_and_is_told_why(
    place: StorePath, postgres: Postgres
) -> None:
    postgres.stop()
    try:
        with (
            pytest.raises(LockTimeoutError, match=r"PostgreSQL .* has not answered for 1 s") as why,
            locked(place, timeout_s=1),
        ):
            pass
        assert "footfall@" not in str(why.value)
        threading.Timer(2, postgres.start).start()
        with locked(place, timeout_s=60):
            pass
    finally:
        time.sleep(1)
