"""Gate counts over twenty seeds that nobody chose: the figure that people will rely on."""

import shutil
from pathlib import Path

import pytest

from tests.gate_counts import GateCount, counts_of_day, seeds_of_commit

pytestmark = pytest.mark.long


@pytest.mark.timeout(7200)
def test_gate_counts_equal_the_truth_over_twenty_seeds(tmp_path: Path, weights: Path) -> None:
    counts: list[GateCount] = []
    for seed in seeds_of_commit(20):
        home = tmp_path / str(seed)
        home.mkdir()
        (tmp_path / "models").mkdir(exist_ok=True)
        (home / "models").symlink_to(tmp_path / "models")
        counts += counts_of_day(seed, home, weights)
        shutil.rmtree(home / "recordings")
    wrong = [count for count in counts if count.counted != count.truth]
    exact = 1 - len(wrong) / len(counts)
    for count in wrong:
        print(count)  # noqa: T201
    print(f"{exact:.1%} of {len(counts)} gate counts exact")  # noqa: T201
    assert [count for count in wrong if abs(count.counted - count.truth) > 1] == []
    assert exact >= 0.95
