"""What a trial is, and what comes of it.

Belongs here: the words that trials have in common. Does not belong here: any trial.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a part does."""

    WELL = "well"
    DOUBTFUL = "doubtful"
    """It works, and somebody should look at it."""
    BROKEN = "broken"
    ABSENT = "not used"
    """The settings do without it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a trial came to.

    Attributes:
        verdict: How the part does.
        what: In a line.
        remedy: What to do; empty where nothing need be done.
    """

    verdict: Verdict
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """A part and how it is tried; `run` raises nothing that it knows."""

    part: str
    run: Callable[[], Found]


@dataclass(frozen=True, slots=True)
class Tried:
    """A part, what was found, and how long it took, seconds."""

    part: str
    found: Found
    seconds: float


def carried_out(trials: Iterable[Trial]) -> Iterator[Tried]:
    """Try one part after the other; one that fails keeps none of the others from being tried."""
    for trial in trials:
        began = time.monotonic()
        try:
            found = trial.run()
        except Exception as failure:
            # Of an exception's own words nobody knows what they quote: an address, or a key.
            found = broken(
                f"failed with {type(failure).__name__}",
                "this is not foreseen: report it with the name of the part",
            )
        yield Tried(trial.part, found, time.monotonic() - began)


def well(what: str) -> Found:
    """It works."""
    return Found(Verdict.WELL, what)


def doubtful(what: str, remedy: str) -> Found:
    """It works, and somebody should look at it."""
    return Found(Verdict.DOUBTFUL, what, remedy)


def broken(what: str, remedy: str) -> Found:
    """It does not work."""
    return Found(Verdict.BROKEN, what, remedy)


def absent(what: str) -> Found:
    """The settings do without it."""
    return Found(Verdict.ABSENT, what)
