"""What a vault for appearance vectors must not leave behind.

Belongs here: leftovers of a camera-day that is done, or of a run that died. Does not belong here:
the vault.
"""

import numpy as np

from tests.privacy.corpus import content
from tests.privacy.corpus.number_files import npy
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home

_NAME = "3f" * 16


@plant("vault leftover", "vault")
def vectors_of_a_camera_day_in_the_clear(home: Home) -> None:
    vectors = np.stack([content.features(256, seed) for seed in range(200)])
    _vault(home, f"{_NAME}.npy", npy(vectors))


@plant("vault leftover", "vault")
def quantised_vectors_of_a_camera_day_in_the_clear(home: Home) -> None:
    vectors = np.stack([content.quantised(content.embedding(128, seed)) for seed in range(200)])
    _vault(home, f"{_NAME}.sealed", vectors.tobytes())


@plant("vault leftover", "vault")
def ciphertext_that_outlived_its_camera_day(home: Home) -> None:
    _vault(home, f"{_NAME}.sealed", np.random.default_rng(3).bytes(64_000))


@plant("vault leftover", "vault")
def ciphertext_with_its_key_beside_it(home: Home) -> None:
    _vault(home, f"{_NAME}.sealed", np.random.default_rng(4).bytes(64_000))
    _vault(home, f"{_NAME}.key", np.random.default_rng(5).bytes(32))


def _vault(home: Home, name: str, written: bytes) -> None:
    folder = home.settings.vault
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(written)
