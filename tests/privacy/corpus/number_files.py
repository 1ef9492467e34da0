"""Pixels and vectors in the files in which programs keep numbers.

Belongs here: raw buffers, npy, npz, pickle, torch, safetensors. Does not belong here: columns of
tables (`columns`), Dagster's own pickles (`dagster_storage`).
"""

import io
import json
import pickle
import struct

import numpy as np
from numpy.typing import NDArray

from tests.privacy.corpus import content
from tests.privacy.corpus.places import partition, run_folder
from tests.privacy.corpus.plants import plant
from tests.privacy.finished_home import Home


@plant("raw pixels", "lake")
def the_bytes_of_a_face_without_any_header(home: Home) -> None:
    (partition(home, "gate_events") / "part.parquet.crc").write_bytes(
        content.pixels(content.face(112, 112)).tobytes()
    )


@plant("raw pixels", "temporary")
def a_face_as_floats_from_nought_to_one_in_planes(home: Home) -> None:
    planes = content.pixels(content.face(64, 64)).transpose(2, 0, 1).astype(np.float32) / 255
    (home.temporary / "tmpq1z9").write_bytes(planes.tobytes())


@plant("raw pixels", "dagster")
def a_grey_crop_in_the_output_of_a_run(home: Home) -> None:
    (run_folder(home) / "compute_logs" / "abcdefgh.out").write_bytes(
        content.pixels(content.body().convert("L")).tobytes()
    )


@plant("raw pixels", "warehouse")
def a_face_in_luma_and_chroma_planes(home: Home) -> None:
    import cv2

    planes = cv2.cvtColor(content.pixels(content.face(96, 112)), cv2.COLOR_RGB2YUV_I420)
    (home.settings.warehouse / "core.duckdb.tmp").write_bytes(planes.tobytes())


@plant("npy", "lake")
def a_vector_as_npy_beside_a_partition(home: Home) -> None:
    np.save(partition(home, "zone_visits") / "stats.npy", content.embedding(512))


@plant("npy", "dagster")
def a_crop_as_npy_without_its_suffix(home: Home) -> None:
    (home.dagster / "history" / "a").write_bytes(npy(content.pixels(content.body())))


@plant("npy", "report")
def a_vector_of_halves_as_npy_under_the_name_of_a_page(home: Home) -> None:
    (home.settings.reports / "site=arcade" / "2026-03-12.html").write_bytes(
        npy(content.half(content.embedding(256)))
    )


@plant("npz", "lake")
def vectors_as_npz(home: Home) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, a=content.embedding(), b=content.features())
    (home.settings.lake / "_statistics").write_bytes(buffer.getvalue())


@plant("npz", "dagster")
def crops_as_compressed_npz_under_another_name(home: Home) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, a=content.pixels(content.face()))
    (run_folder(home) / "compute_logs" / "io.err").write_bytes(buffer.getvalue())


@plant("pickle", "dagster")
def a_vector_pickled_into_the_storage_of_a_run(home: Home) -> None:
    (run_folder(home) / "tracks").write_bytes(pickle.dumps(content.embedding(512)))


@plant("pickle", "lake")
def a_list_of_floats_pickled_in_the_oldest_way(home: Home) -> None:
    (home.settings.lake / "gate_events" / ".cache").write_bytes(
        pickle.dumps({"gallery": [content.embedding().tolist()]}, protocol=0)
    )


@plant("torch", "warehouse")
def a_tensor_saved_by_torch(home: Home) -> None:
    (home.settings.warehouse / "checkpoint.pt").write_bytes(_torch(content.embedding(512)))


@plant("torch", "lake")
def a_crop_saved_by_torch_under_the_name_of_a_lock(home: Home) -> None:
    (partition(home, "gate_events") / ".lock").write_bytes(_torch(content.pixels(content.face())))


@plant("safetensors", "lake")
def a_vector_as_safetensors(home: Home) -> None:
    (partition(home, "coverage") / "model.safetensors").write_bytes(
        _safetensors("F32", content.embedding())
    )


@plant("safetensors", "warehouse")
def quantised_vectors_as_safetensors_under_another_name(home: Home) -> None:
    vectors = np.stack([content.quantised(content.embedding(256, seed)) for seed in range(4)])
    (home.settings.warehouse / "published.duckdb.lock").write_bytes(_safetensors("I8", vectors))


def npy(array: NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _torch(array: NDArray[np.generic]) -> bytes:
    import torch

    buffer = io.BytesIO()
    torch.save({"x": torch.from_numpy(array.copy())}, buffer)
    return buffer.getvalue()


def _safetensors(kind: str, array: NDArray[np.generic]) -> bytes:
    told = {"x": {"dtype": kind, "shape": list(array.shape), "data_offsets": [0, array.nbytes]}}
    header = json.dumps(told).encode()
    return struct.pack("<Q", len(header)) + header + array.tobytes()
