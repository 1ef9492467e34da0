"""The ledger of noisy releases: each draw as it was released, and what it cost the people of a day.

Belongs here: keeping draws, and refusing one that would cost too much. Does not belong here:
drawing (`assets.release`), what may be published (the release step).

The ledger is a folder beside the exact marts. The only files that may stand in it are

    site=<id>/<YYYY-MM-DD>.<mart>.<number>.json

each of which holds one `NoisyRelease` and not a byte more. Figures are as they were released, so
they may be known to anybody. Their hash may not: it is of exact counts, and whoever has it can try
counts until one fits. So the ledger stays where exact marts are, and is kept as long as they are.

A draw is stored before anybody sees it, so whoever is killed before publishing it publishes the
same afterwards. A draw that was not stored was seen by nobody, and has cost nothing.
"""

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass

from assets.release.noisy import NOISY_MARTS
from assets.storage import Asked, BudgetSpentError, Drawn, Figures, cost_of
from footfall_dagster.locks import locked
from footfall_dagster.privacy.ledger import stamp
from footfall_dagster.store import StorePath, bytes_of, make_folder, matching, place_text

FOLDER = "noise"

_PATIENCE_S = 60.0
_NEXT_TO_NOTHING = 1e-9
"""Three times 0.1 is no more than 0.3."""
_NAME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)\.(?P<mart>[a-z0-9_]+)\.(?P<number>[1-9]\d{0,3})\.json"
)
_HASH = re.compile(r"[0-9a-f]{64}")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_MOST = 2**31
_MOST_EPSILON = 1000.0


@dataclass(frozen=True, slots=True)
class NoisyRelease:
    """One draw.

    Attributes:
        epsilon: For which it was drawn.
        cells_per_person: How many cells of a trajectory count.
        pieces_per_person: How many trajectories of a person the noise hides.
        pieces: Trajectories per person, as measured.
        rows: SHA-256 of the keys of the mart's rows.
        content: SHA-256 of all that the draw depends on.
        figures: Of each row the figure that was released; None where there was none.
        drawn_at: UTC, whole seconds, as ISO 8601 with a Z.
    """

    epsilon: float
    cells_per_person: int
    pieces_per_person: int
    pieces: float
    rows: str
    content: str
    figures: Figures
    drawn_at: str

    @property
    def cost(self) -> float:
        """What it cost a person in so many pieces."""
        return cost_of(self.epsilon, self.pieces_per_person, self.pieces)

    @property
    def text(self) -> str:
        """The one way in which a release is written."""
        return json.dumps(asdict(self), sort_keys=True) + "\n"


@dataclass(frozen=True, slots=True)
class FolderNoiseLedger:
    """Noisy releases of any site below `root`."""

    root: StorePath

    def kept_or_drawn(self, asked: Asked, draw: Callable[[], Figures]) -> Drawn:
        """See `assets.storage.NoiseLedger`.

        Raises:
            BudgetSpentError: The day has less left than a new draw costs.
            LockTimeoutError: Another process has been drawing for a minute.
            ValueError: A file of the day is no release as this module writes it.
        """
        folder = self._folder(asked.site)
        make_folder(folder)
        with locked(folder, timeout_s=_PATIENCE_S):
            kept = self._of_day(asked.site, asked.day)
            of_mart = kept.get(asked.mart, {})
            for number in sorted(of_mart, reverse=True):
                # Also one before the last: what was released once costs nothing to release again.
                if of_mart[number].content == asked.content:
                    return _drawn(of_mart[number], number, _spent(kept), is_new=False)
            spent = _spent(kept)
            _refuse_too_much(asked, spent)
            number = max(of_mart, default=0) + 1
            release = NoisyRelease(
                epsilon=float(asked.noise.epsilon),
                cells_per_person=asked.noise.cells_per_person,
                pieces_per_person=asked.noise.pieces_per_person,
                pieces=float(asked.pieces),
                rows=asked.rows,
                content=asked.content,
                figures=draw(),
                drawn_at=stamp(dt.datetime.now(dt.UTC)),
            )
            place_text(folder / f"{asked.day}.{asked.mart}.{number}.json", release.text)
            return _drawn(release, number, spent + release.cost, is_new=True)

    def last(self, site: str, day: dt.date, mart: str, rows: str) -> Drawn | None:
        """See `assets.storage.NoiseLedger`."""
        kept = self._of_day(site, day)
        of_mart = kept.get(mart, {})
        number = max(of_mart, default=0)
        if number == 0 or of_mart[number].rows != rows:
            return None
        return _drawn(of_mart[number], number, _spent(kept), is_new=False)

    def days(self, site: str) -> set[dt.date]:
        """Trading days of which a release is kept."""
        return {
            dt.date.fromisoformat(named["day"])
            for path in self._folder(site).glob("*.json")
            if (named := _NAME.fullmatch(path.name))
        }

    def forget(self, site: str, days: Collection[dt.date]) -> None:
        """Delete the releases of some days, with their marts."""
        for day in days:
            for path in self._folder(site).glob(f"{day}.*.json"):
                path.unlink(missing_ok=True)

    def release_at(self, path: StorePath) -> NoisyRelease | None:
        """What a file of the ledger holds; None where it is none of ours."""
        named = _NAME.fullmatch(path.name)
        if named is None or path.is_symlink() or not path.is_file():
            return None
        try:
            dt.date.fromisoformat(named["day"])
            text = bytes_of(path).decode()
            told = json.loads(text)
            release = NoisyRelease(**(told | {"figures": tuple(told["figures"])}))
            sound = named["mart"] in NOISY_MARTS and _is_sound(release) and text == release.text
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return release if sound else None

    def _folder(self, site: str) -> StorePath:
        return self.root / f"site={site}"

    def _of_day(self, site: str, day: dt.date) -> dict[str, dict[int, NoisyRelease]]:
        """Releases of a site-day, by mart and number."""
        found: dict[str, dict[int, NoisyRelease]] = {}
        for path, named in _named(self._folder(site), day):
            release = self.release_at(path)
            if release is None:
                raise ValueError(
                    f"{path} is no noisy release as it was written, so what the day has cost its "
                    "people is not known and nothing is drawn: put it back from a copy, or leave "
                    "what is published as it is; find out who changed it"
                )
            found.setdefault(named["mart"], {})[int(named["number"])] = release
        return found


def _named(folder: StorePath, day: dt.date) -> Iterator[tuple[StorePath, re.Match[str]]]:
    for path in matching(folder, f"{day}.*.json"):
        if named := _NAME.fullmatch(path.name):
            yield path, named


def _spent(kept: dict[str, dict[int, NoisyRelease]]) -> float:
    return math.fsum(one.cost for of_mart in kept.values() for one in of_mart.values())


def _refuse_too_much(asked: Asked, spent: float) -> None:
    if spent + asked.cost <= asked.noise.budget + _NEXT_TO_NOTHING:
        return
    in_pieces = (
        f" (epsilon {asked.noise.epsilon:g}, and people are in {asked.pieces:g} pieces, not "
        f"{asked.noise.pieces_per_person})"
        if asked.cost > asked.noise.epsilon
        else ""
    )
    raise BudgetSpentError(
        f"{asked.mart} of {asked.day} is not drawn again: its input or its parameters have "
        f"changed or it was never drawn, the day's noisy releases have cost {spent:g} so far, this "
        f"one would cost {asked.cost:g}{in_pieces}, and privacy.release.noise.budget is "
        f"{asked.noise.budget:g}. Keep what is published: nothing need be done for that. A higher "
        "budget in site.yaml would let it be drawn, and protect the people of the day less"
    )


def _drawn(release: NoisyRelease, number: int, spent: float, *, is_new: bool) -> Drawn:
    return Drawn(release.figures, number, release.cost, spent, is_new)


def _is_sound(release: NoisyRelease) -> bool:
    return (
        all(_HASH.fullmatch(one) for one in (release.rows, release.content))
        and _STAMP.fullmatch(release.drawn_at) is not None
        and all(
            type(one) is float and 0 < one <= _MOST_EPSILON
            for one in (release.epsilon, release.pieces)
        )
        and all(
            type(one) is int and 0 < one <= 100
            for one in (release.cells_per_person, release.pieces_per_person)
        )
        and all(one is None or (type(one) is int and 0 <= one < _MOST) for one in release.figures)
    )
