"""A sample of broken files; `tests.long.test_mutants` tries a thousand."""

from pathlib import Path

from tests.mutants import mutant, originals, tried

SAMPLE = range(60)


def test_every_broken_file_ends_measured_or_set_aside(tmp_path: Path) -> None:
    ends = tried(originals(tmp_path), tmp_path, SAMPLE)
    assert ends.total() == len(SAMPLE)
    assert len(ends) > 1, "no breakage at all, or nothing but"


def test_mutants_are_the_same_each_time(tmp_path: Path) -> None:
    content, other = (path.read_bytes() for path in originals(tmp_path)[:2])
    assert mutant(content, other, 7) == mutant(content, other, 7) != mutant(content, other, 8)
