"""Video files with broken bytes, a different one for each number.

Belongs here: breaking files, and what must hold of whatever came of them. Does not belong here: how
many are tried (`tests.unit.vision.exports.test_mutants`, `tests.long.test_mutants`).
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from tests.unit.vision.exports import media
from vision.contract_check import Bounds, wrong_values
from vision.contracts_ingest import CAMERA_EXPORTS
from vision.exports.bounds import LONGEST_S
from vision.exports.places import Folder, Source
from vision.exports.pool import Candidate, Probed, SetAside, probe_all
from vision.site.load import load_site

MEASURED = ("frames", "width", "height", "declared_fps", "delivered_fps")
EXTREMES = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\x01")


def originals(folder: Path, *real: Path) -> list[Path]:
    """A generated file of every kind, and real ones, to be broken."""
    made = []
    for number, kind in enumerate(media.KINDS):
        (folder / str(number)).mkdir()
        made.append(media.write(folder / str(number), kind))
    return [*made, *real]


def mutant(content: bytes, other: bytes, seed: int) -> bytes:
    """`content`, broken in up to four ways; `other` is what parts of another file come from."""
    dice = random.Random(seed)
    broken = bytearray(content)
    for _ in range(dice.randint(1, 4)):
        dice.choice(WAYS)(broken, other, dice)
    return bytes(broken)


def _span(broken: bytearray, dice: random.Random) -> slice:
    begin = dice.randrange(len(broken) + 1)
    return slice(begin, begin + int(dice.triangular(1, max(2, len(broken) // 2), 1)))


def _place(broken: bytearray, dice: random.Random) -> int:
    # Half of all harm is done to the beginning, where headers are.
    return dice.randrange(min(len(broken), 600) if dice.random() < 0.5 else len(broken))


def _flip(broken: bytearray, _other: bytes, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 40) if broken else 0):
        broken[_place(broken, dice)] ^= 1 << dice.randrange(8)


def _extreme(broken: bytearray, _other: bytes, dice: random.Random) -> None:
    if broken:
        at, length = _place(broken, dice), dice.choice((1, 2, 4, 8))
        broken[at : at + length] = dice.choice(EXTREMES) * length


def _truncate(broken: bytearray, _other: bytes, dice: random.Random) -> None:
    del broken[dice.randrange(len(broken) + 1) :]


def _remove(broken: bytearray, _other: bytes, dice: random.Random) -> None:
    del broken[_span(broken, dice)]


def _repeat(broken: bytearray, _other: bytes, dice: random.Random) -> None:
    span = _span(broken, dice)
    broken[span.start : span.start] = broken[span]


def _graft(broken: bytearray, other: bytes, dice: random.Random) -> None:
    span = _span(broken, dice)
    broken[span] = other[_span(bytearray(other), dice)]


def _noise(broken: bytearray, _other: bytes, dice: random.Random) -> None:
    span = _span(broken, dice)
    broken[span] = dice.randbytes(len(broken[span]))


WAYS = (_flip, _flip, _extreme, _extreme, _truncate, _remove, _repeat, _graft, _noise)


def bred(paths: Sequence[Path], folder: Path, seeds: Sequence[int]) -> Iterator[Candidate]:
    """A mutant for each seed, of the files in turn, written when it is asked for."""
    contents = [path.read_bytes() for path in paths]
    for seed in seeds:
        chosen = seed % len(paths)
        other = contents[(seed // len(paths)) % len(paths)]
        path = folder / f"{seed}{paths[chosen].suffix}"
        path.write_bytes(mutant(contents[chosen], other, seed))
        yield Candidate(Source(Folder(path.parent), path.name), path.stat().st_size)


def tried(paths: Sequence[Path], folder: Path, seeds: Sequence[int]) -> Counter[str]:
    """How many mutants came to what: `measured`, or the reason for which they were set aside.

    Raises:
        AssertionError: One was measured to have what no row of `camera_exports` may have.
    """
    ends: Counter[str] = Counter()
    rows = []
    for outcome in probe_all(bred(paths, folder, seeds)):
        ends[outcome.reason if isinstance(outcome, SetAside) else "measured"] += 1
        assert outcome.content is not None, f"{outcome.file.name} was not even hashed"
        if isinstance(outcome, Probed):
            assert 0 < outcome.video.duration_s <= LONGEST_S
            rows.append({name: getattr(outcome.video, name) for name in MEASURED})
        Path(outcome.file.source.path).unlink()
    columns = [column for column in CAMERA_EXPORTS.columns if column.name in MEASURED]
    frame = pl.DataFrame(rows, schema={column.name: column.dtype for column in columns})
    site = load_site(Path("examples/arcade"))
    bounds = Bounds.of(site.on(site.file.opens), site.camera_ids[0])
    assert wrong_values(frame, columns, bounds) == []
    return ends
