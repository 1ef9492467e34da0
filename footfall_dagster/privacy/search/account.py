"""The running account of one file: what was looked at, found, left unread, and what may be spent.

Belongs here: counting, and stopping when a limit is reached. Does not belong here: any detector.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from footfall_dagster.privacy.search.limits import DEFAULT, Limits

UNREAD = "could not be read"


class Exhausted(Exception):  # noqa: N818 - says what happened
    """A limit was reached; what remains of the file was not looked at."""


@dataclass
class Account:
    """What a search of one file has come to so far; places and kinds, never a value.

    `known` are digests of nested contents that were found clean, in this file or one before:
    Dagster keeps each drawing in several of its databases. `few` are numbers of tables with too
    few of them to be judged alone. `followed` are doubles of a database that follow from counts
    beside them, so that its bytes may hold them.
    """

    limits: Limits = DEFAULT
    unpacked: int = 0
    rows: int = 0
    found: dict[tuple[str, str], float] = field(default_factory=dict)
    unread: dict[tuple[str, str], float] = field(default_factory=dict)
    known: set[bytes] = field(default_factory=set)
    few: list[float] = field(default_factory=list)
    followed: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    _seen: set[bytes] = field(default_factory=set)

    def spend(self, count: int) -> None:
        """Count bytes that came out of the file.

        Raises:
            Exhausted: More came out than the limits allow.
        """
        self.unpacked += count
        if self.unpacked > self.limits.unpacked_bytes:
            self.miss("beyond the limit of unpacked bytes", UNREAD)
            raise Exhausted

    def hold(self, count: int, place: str) -> bool:
        """Count bytes of one stream; False, noted as unread, if it has come to too many."""
        if count > self.limits.piece_bytes:
            self.miss(f"{place}, beyond the limit of one member")
            return False
        return True

    def find(self, place: str, kind: str, confidence: float) -> None:
        """Note something that may be a picture or a vector."""
        key = (place, kind)
        if key in self.found or len(self.found) < self.limits.findings:
            self.found[key] = max(confidence, self.found.get(key, 0.0))

    def miss(self, place: str, why: str = UNREAD) -> None:
        """Note something that could not be read; never a pass."""
        if len(self.unread) < self.limits.findings:
            self.unread[(place, why)] = 1.0

    def is_new(self, digest: bytes) -> bool:
        """Whether the content of this digest was looked at neither here nor, clean, elsewhere."""
        if digest in self._seen or digest in self.known:
            return False
        self._seen.add(digest)
        return True

    @property
    def marks(self) -> tuple[int, int]:
        """How much was noted so far."""
        return len(self.found), len(self.unread)


def digest_of(content: bytes) -> bytes:
    """A short name for some bytes."""
    return hashlib.blake2b(content, digest_size=16).digest()
