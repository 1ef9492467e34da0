"""The objections of a site: those that wait for their batch, and those that stand.

Belongs here: what is stored of objections, and how. Does not belong here: what they take away
(`vision.objections`), when a batch is due and carrying it out (`objecting`).

The folder `_objections` of the lake holds one file per site, and nothing else:

    site=<id>.json

It holds days, places and windows. Nobody is named, and nothing says who objected, or how many
people a window took away. A file is replaced as a whole, under a lock on its folder.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from footfall_dagster.locks import locked
from footfall_dagster.store import StorePath, below, make_folder, place_text
from vision.objections import Objection, Place

FOLDER = "_objections"
_PATIENCE_S = 30.0
_LARGEST = 2**24


class ObjectionsUnreadable(RuntimeError):  # noqa: N818 - says what it is
    """The list is not as we write it, so nobody knows what to take away; says what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """An objection that waits for its batch, and the day on which it was made."""

    objection: Objection
    since: dt.date


@dataclass(frozen=True, slots=True)
class Objections:
    """All that is known of a site's objections.

    Attributes:
        waiting: For their batch; nothing was taken away yet.
        begun: The batch that is being carried out, or was when a run was killed.
        standing: Carried out, and obeyed whenever something of their day is written again.
        to_make: Days whose marts and report are to be made again, and a word for the batch.
    """

    waiting: tuple[Waiting, ...] = ()
    begun: tuple[Objection, ...] = ()
    standing: tuple[Objection, ...] = ()
    to_make: tuple[tuple[dt.date, str], ...] = ()

    @property
    def obeyed(self) -> tuple[Objection, ...]:
        """Those that are obeyed by whatever writes."""
        return tuple(sorted({*self.begun, *self.standing}))

    @property
    def text(self) -> str:
        """The one way in which the list is written."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, default=_in_words) + "\n"

    @classmethod
    def read(cls, text: str) -> "Objections":
        """What `text` says; raises `ValueError` where it was not written by us."""
        try:
            told = json.loads(text)
            found = cls(
                waiting=tuple(
                    Waiting(_objection(one["objection"]), dt.date.fromisoformat(one["since"]))
                    for one in told["waiting"]
                ),
                begun=tuple(map(_objection, told["begun"])),
                standing=tuple(map(_objection, told["standing"])),
                to_make=tuple(
                    (dt.date.fromisoformat(day), str(batch)) for day, batch in told["to_make"]
                ),
            )
        except (TypeError, KeyError, ValueError, RecursionError) as error:
            # Its name alone: what it says may quote a place or an hour.
            raise ValueError(type(error).__name__) from None
        if found.text != text:
            raise ValueError("written by somebody else")
        return found


@dataclass(frozen=True, slots=True)
class ObjectionList:
    """The list of one site below `root`, which is the folder `FOLDER` of the lake."""

    root: StorePath
    site: str
    path: StorePath = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", self.root / f"site={self.site}.json")

    def read(self) -> Objections:
        """What is known; nothing where no file is.

        Raises:
            ObjectionsUnreadable: The file is not as we write it.
        """
        try:
            if self.path.stat().st_size > _LARGEST:
                raise ValueError("too large")
            return Objections.read(self.path.read_text())
        except FileNotFoundError:
            return Objections()
        except (OSError, ValueError) as error:
            raise ObjectionsUnreadable(
                f"{self.path} cannot be read ({error}), so nothing of this site is written: who "
                "objected would be in it again. Put the file back from a copy; if there is none, "
                "move it aside and make the objections again (`footfall objections add`)"
            ) from None

    def add(self, objection: Objection, today: dt.date) -> bool:
        """Have an objection wait for its batch; False where it is known already."""
        with self._changing() as change:
            known = self.read()
            waiting = {one.objection for one in known.waiting}
            if objection in waiting or objection in known.obeyed:
                return False
            change(replace(known, waiting=_sorted(*known.waiting, Waiting(objection, today))))
        return True

    def begin(self, before: Callable[[tuple[Objection, ...]], None]) -> tuple[Objection, ...]:
        """From now on whatever is written obeys those that wait; return the batch.

        What a run that was killed had begun is part of it. `before` is told the batch before
        anything obeys it.
        """
        with self._changing() as change:
            known = self.read()
            begun = tuple(sorted({*known.begun, *(one.objection for one in known.waiting)}))
            if begun:
                before(begun)
                change(replace(known, waiting=(), begun=begun))
        return begun

    def finish(self, batch: tuple[Objection, ...], to_make: dict[dt.date, str]) -> None:
        """Note that a batch was carried out, and which days are to be made again since."""
        with self._changing() as change:
            known = self.read()
            change(
                replace(
                    known,
                    begun=tuple(one for one in known.begun if one not in batch),
                    standing=tuple(sorted({*known.standing, *batch})),
                    to_make=tuple(sorted((dict(known.to_make) | to_make).items())),
                )
            )

    def begin_again(self, standing: Iterable[Objection]) -> None:
        """Have objections that stand carried out once more, since rows of theirs came back."""
        again = set(standing)
        if again:
            with self._changing() as change:
                known = self.read()
                change(
                    replace(
                        known,
                        begun=tuple(sorted({*known.begun, *again})),
                        standing=tuple(one for one in known.standing if one not in again),
                    )
                )

    def made(self, day: dt.date, batch: str) -> None:
        """Note that marts and report of a day were made since the batch."""
        with self._changing() as change:
            known = self.read()
            change(
                replace(known, to_make=tuple(one for one in known.to_make if one != (day, batch)))
            )

    def forget(self, is_past: Callable[[dt.date], bool]) -> int:
        """Forget those that stand of days of which nothing can come back; return how many."""
        with self._changing() as change:
            known = self.read()
            kept = tuple(one for one in known.standing if not is_past(one.day))
            gone = len(known.standing) - len(kept)
            if gone:
                change(replace(known, standing=kept))
        return gone

    def strangers(self) -> list[StorePath]:
        """What lies in the folder and is no list as this module writes it, of any site."""
        return [path for path in below(self.root) if not _is_list(path)]

    @contextmanager
    def _changing(self) -> Iterator[Callable[[Objections], None]]:
        """Hold the lock of the folder; the list is replaced by what is handed over."""
        make_folder(self.root)
        with locked(self.root, timeout_s=_PATIENCE_S):
            yield lambda changed: place_text(self.path, changed.text)


def _is_list(path: StorePath) -> bool:
    named = path.name.startswith("site=") and path.suffix == ".json"
    if not named or path.is_symlink() or not path.is_file():
        return False
    try:
        if path.stat().st_size > _LARGEST:
            return False
        Objections.read(path.read_text())
    except (OSError, ValueError):
        return False
    return True


def _sorted(*waiting: Waiting) -> tuple[Waiting, ...]:
    # Not by when they were made: the order of the list says nothing of the order of the visitors.
    return tuple(sorted(waiting))


def _objection(told: Any) -> Objection:
    return Objection(
        day=dt.date.fromisoformat(told["day"]),
        starts=dt.datetime.fromisoformat(told["starts"]),
        ends=dt.datetime.fromisoformat(told["ends"]),
        place=Place(**told["place"]),
    )


def _in_words(value: object) -> str:
    if isinstance(value, dt.date):  # A moment is one as well.
        return value.isoformat()
    raise TypeError(type(value).__name__)
