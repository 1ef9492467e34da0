"""Traits between detections and tracks: where they lie, and that nothing of them is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from footfall_dagster.privacy.vault import (
    SEALED,
    InMemory,
    Sealed,
    SpoiledVault,
    TraitsOfRun,
    swept,
)
from footfall_dagster.privacy.vault import traits_of_run as of_run
from tests.unit.vision.tracked import line, seen
from vision.traits import Traits

CAMERA_DAY = "cam_a|2026-03-14"
DETECTIONS = seen(line((40, 300), (600, 300), 10), np.arange(0, 10, 0.2))
ROWS = DETECTIONS.height


def traits(rows: int = ROWS, columns: int = 36, seed: int = 5) -> Traits:
    generator = np.random.default_rng(seed)
    return Traits(
        generator.normal(size=(rows, columns)).astype(np.float32),
        generator.normal(size=(rows, 2)).astype(np.float32),
    )


def appears(vectors: np.ndarray, content: bytes) -> bool:
    """Whether four neighbouring figures of `vectors` stand in `content`, in any usual type."""
    flat = vectors.reshape(-1)
    # Fewer than eight bytes would be met by chance in a file of a megabyte.
    forms = [flat.astype(kind) for kind in (np.float32, np.float64, np.float16, ">f4")]
    return any(
        form[place : place + 4].tobytes() in content
        for form in forms
        for place in range(0, len(form) - 3, 4)
    )


def put(holder: TraitsOfRun, given: Traits, batch: int = 7) -> None:
    holder.begin(CAMERA_DAY)
    for start in range(0, len(given.appearance), batch):
        chosen = slice(start, start + batch)
        holder.add(Traits(given.appearance[chosen].copy(), given.guesses[chosen].copy()))
    holder.seal(DETECTIONS)


@pytest.fixture(params=["memory", "vault"])
def holder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TraitsOfRun]:
    with of_run(tmp_path / "vault", vault=request.param == "vault") as opened:
        yield opened


def test_what_was_put_in_comes_out(holder: TraitsOfRun) -> None:
    put(holder, traits())
    taken = holder.take(CAMERA_DAY, DETECTIONS)
    assert taken is not None
    assert np.array_equal(taken.appearance, traits().appearance)
    assert np.array_equal(taken.guesses, traits().guesses)


def test_traits_of_other_detections_or_another_day_are_not_given_out(holder: TraitsOfRun) -> None:
    put(holder, traits())
    assert holder.take("cam_b|2026-03-14", DETECTIONS) is None
    assert holder.take(CAMERA_DAY, DETECTIONS.with_columns(pl.col("confidence") / 2)) is None
    assert holder.take(CAMERA_DAY, DETECTIONS[:-1]) is None


def test_traits_of_boxes_that_were_left_out_are_left_out_too(holder: TraitsOfRun) -> None:
    put(holder, traits())
    kept = np.arange(ROWS) % 3 > 0
    stored = DETECTIONS.filter(pl.Series(kept))
    holder.seal(stored, kept)
    taken = holder.take(CAMERA_DAY, stored)
    assert taken is not None
    assert np.array_equal(taken.appearance, traits().appearance[kept])
    assert np.array_equal(taken.guesses, traits().guesses[kept])
    assert holder.destroy().rows == ROWS
    assert not taken.appearance.any()


def test_what_was_never_bound_to_detections_is_not_given_out(holder: TraitsOfRun) -> None:
    holder.begin(CAMERA_DAY)
    holder.add(traits())
    assert holder.take(CAMERA_DAY, DETECTIONS) is None


def test_a_day_without_anybody_has_no_traits_and_that_is_no_gap(holder: TraitsOfRun) -> None:
    holder.begin(CAMERA_DAY)
    holder.seal(DETECTIONS.clear())
    taken = holder.take(CAMERA_DAY, DETECTIONS.clear())
    assert taken is not None
    assert taken.appearance.size == taken.guesses.size == 0


def test_destroying_overwrites_what_was_given_out(holder: TraitsOfRun) -> None:
    put(holder, traits())
    taken = holder.take(CAMERA_DAY, DETECTIONS)
    assert taken is not None
    gone = holder.destroy()
    assert gone.rows == ROWS
    assert gone.bytes >= ROWS * 38 * 4
    assert not taken.appearance.any()
    assert not taken.guesses.any()
    assert holder.take(CAMERA_DAY, DETECTIONS) is None
    assert holder.destroy().rows == 0


def test_a_second_attempt_starts_anew(holder: TraitsOfRun) -> None:
    put(holder, traits(seed=1))
    put(holder, traits(seed=2))
    taken = holder.take(CAMERA_DAY, DETECTIONS)
    assert taken is not None
    assert np.array_equal(taken.appearance, traits(seed=2).appearance)


def test_traits_do_not_show_themselves_in_text() -> None:
    assert repr(traits()) == f"Traits of {ROWS} boxes"


@pytest.mark.parametrize("vault", [False, True], ids=["memory", "vault"])
def test_a_run_that_fails_leaves_nothing(vault: bool, tmp_path: Path) -> None:
    given: list[Traits] = []

    def fail() -> None:
        with of_run(tmp_path, vault=vault) as opened:
            put(opened, traits())
            taken = opened.take(CAMERA_DAY, DETECTIONS)
            assert taken is not None
            given.append(taken)
            assert len(list(tmp_path.iterdir())) == vault
            raise ValueError("a step failed")

    with pytest.raises(ValueError, match="a step failed"):
        fail()
    assert not given[0].appearance.any()
    assert list(tmp_path.iterdir()) == []


def test_memory_touches_no_disk(tmp_path: Path) -> None:
    with of_run(tmp_path / "vault", vault=False) as opened:
        put(opened, traits())
        assert list(tmp_path.rglob("*")) == []


def test_a_sealed_file_holds_no_figure_and_says_nothing_by_its_name(tmp_path: Path) -> None:
    with of_run(tmp_path, vault=True) as opened:
        put(opened, traits())
        assert opened.take(CAMERA_DAY, DETECTIONS) is not None
        (path,) = tmp_path.iterdir()
        assert SEALED.fullmatch(path.name)
        assert path.stat().st_mode & 0o077 == 0
        content = path.read_bytes()
        assert len(content) >= ROWS * 38 * 4
        assert not appears(traits().appearance, content)
        assert not appears(traits().guesses, content)
        clear = np.hstack([traits().appearance, traits().guesses])
        assert appears(traits().appearance, clear.tobytes())


def test_many_rows_are_sealed_in_chunks_and_come_out_in_order(tmp_path: Path) -> None:
    pile = Sealed(tmp_path)
    whole = traits(rows=10_000).appearance
    for start in range(0, 10_000, 1_300):
        pile.add(whole[start : start + 1_300].copy())
    assert np.array_equal(pile.together(), whole)
    assert pile.destroy().rows == 10_000


def flip(content: bytes) -> bytes:
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]


@pytest.mark.parametrize(
    "change",
    [flip, lambda content: content[:-1], lambda content: content[4096:] + content[:4096]],
    ids=["a bit", "its end", "its order"],
)
def test_a_sealed_file_that_was_changed_is_refused(
    change: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    pile = Sealed(tmp_path)
    for seed in (1, 2):
        pile.add(traits(rows=5_000, seed=seed).appearance)
    (path,) = tmp_path.iterdir()
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(SpoiledVault):
        pile.together()
    pile.destroy()


def test_the_key_is_overwritten_where_it_lay(tmp_path: Path) -> None:
    pile = Sealed(tmp_path)
    pile.add(traits(rows=5_000).appearance)
    key = pile._key
    assert len(set(key)) > 8
    pile.destroy()
    assert key == bytes(32)


def test_two_days_have_two_keys(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        pile = Sealed(tmp_path)
        pile.add(traits(rows=5_000).appearance)
        keys.append(bytes(pile._key))
        pile.destroy()
    assert keys[0] != keys[1]


def test_a_sweep_leaves_alone_what_a_living_process_holds(tmp_path: Path) -> None:
    pile = Sealed(tmp_path)
    pile.add(traits(rows=5_000).appearance)
    assert swept(tmp_path).files == 0
    assert np.array_equal(pile.together(), traits(rows=5_000).appearance)
    pile.destroy()


def test_a_sweep_reports_what_is_not_the_vaults_and_quotes_no_name(tmp_path: Path) -> None:
    (tmp_path / "face_of_anna.npy").write_bytes(b"anything")
    (tmp_path / f"{'0' * 32}.sealed").symlink_to(tmp_path / "face_of_anna.npy")
    evidence = swept(tmp_path)
    assert not evidence.passed
    assert len(evidence.findings) == 2
    assert "anna" not in repr(evidence)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_vault_that_was_never_made_is_clean(tmp_path: Path) -> None:
    assert swept(tmp_path / "vault").passed


HOLDING = """
import sys, time
from pathlib import Path
from tests.unit.footfall_dagster.privacy.test_vault import Sealed, traits

pile = Sealed(Path(sys.argv[1]))
pile.add(traits(rows=5_000).appearance)
print(pile._key.hex(), flush=True)
time.sleep(600)
"""


def test_a_killed_process_leaves_ciphertext_without_a_key_and_the_next_run_clears_it(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        # The dead process's key, known to this test alone, so that the rest can be shown.
        key = bytes.fromhex(process.stdout.readline())
        assert swept(tmp_path).files == 0
        os.kill(process.pid, signal.SIGKILL)
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    lost = traits(rows=5_000).appearance
    assert not appears(lost[:200], content)
    assert key not in content
    # With its key it would open, so it is the vectors and nothing else that is lost with it.
    assert appears(lost[:200], AESGCM(key).decrypt(bytes(12), content, None))
    for other in (bytes(32), os.urandom(32), content[:32], content[-32:], key[::-1]):
        with pytest.raises(InvalidTag):
            AESGCM(other).decrypt(bytes(12), content, None)
    with of_run(tmp_path, vault=False):
        assert list(tmp_path.iterdir()) == []


def test_memory_gives_back_what_it_took_in_one_piece() -> None:
    pile = InMemory()
    for start in range(0, ROWS, 30):
        pile.add(traits().appearance[start : start + 30].copy())
    assert np.array_equal(pile.together(), traits().appearance)
    assert pile.together() is pile.together()
