"""A checkpoint as an OpenVINO model, exported once and kept in a cache.

Belongs here: the export, its cache and what happens when several processes want it at once. Does
not belong here: running the model (`vision.yolo`).

The export runs in a process of its own: ultralytics and torch cost half a gigabyte that a
camera-day then never carries, and their settings and working folder stay away from ours. Whoever is
killed meanwhile leaves nothing for good: its export ends with it, and the next one clears up.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import yaml

from vision.processes import environment
from vision.quiet import ultralytics

_FORMAT = 1
"""Raise when the export's settings change, so that old models are not taken for new ones."""
_ASIDE = ".export-"


class ExportFailed(RuntimeError):  # noqa: N818 - names what happened
    """The checkpoint could not be turned into an OpenVINO model."""


@dataclass(frozen=True, slots=True)
class ExportedModel:
    """An exported detector.

    Attributes:
        xml: OpenVINO IR; takes (1, 3, height, width) RGB in 0..1 with sides of any multiple of 32.
        names: Class names by index.
        end_to_end: Output rows are x_min, y_min, x_max, y_max, score, class, duplicates already
            gone; otherwise columns are centre x, centre y, width, height and a score per class.
    """

    xml: Path
    names: dict[int, str]
    end_to_end: bool


def exported(weights: Path, cache: Path) -> ExportedModel:
    """The OpenVINO model of `weights`, from the cache where it is already there.

    A model is built aside and renamed into place, so a folder that exists is whole; of several
    processes that want one at once, one exports and the others wait for its result.

    Args:
        weights: A checkpoint that ultralytics can load (.pt).
        cache: Folder of exported models; made where missing.

    Raises:
        FileNotFoundError: There are no such weights.
        ExportFailed: ultralytics could not export them.
    """
    folder = cache / _key(weights)
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with _alone_in(cache):
            if not folder.is_dir():
                with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=cache) as scratch:
                    _export_aside(weights, Path(scratch))
                    (Path(scratch) / "model_openvino_model").rename(folder)
    return _read(folder)


@contextmanager
def _alone_in(cache: Path) -> Iterator[None]:
    """Hold the cache's lock, which the kernel frees however its holder dies."""
    descriptor = os.open(cache, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Only the holder builds, so whoever made these is dead.
        for leftover in cache.glob(f"{_ASIDE}*"):
            shutil.rmtree(leftover)
        yield
    finally:
        os.close(descriptor)


def _key(weights: Path) -> str:
    with weights.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    settings = f"{_FORMAT} {version('ultralytics')} {version('openvino')}"
    return f"{content[:24]}-{hashlib.sha256(settings.encode()).hexdigest()[:8]}"


def _export_aside(weights: Path, scratch: Path) -> None:
    shutil.copyfile(weights, scratch / "model.pt")
    with subprocess.Popen(
        [sys.executable, "-m", "vision.openvino_export", "model.pt"],
        cwd=scratch,
        env=environment(**ultralytics(scratch)),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        complaints = process.stderr.read()
    if process.returncode or not (scratch / "model_openvino_model" / "model.xml").is_file():
        raise ExportFailed(
            f"{weights.name} could not be exported to OpenVINO; is it an ultralytics detection "
            f"checkpoint? {complaints.strip()[-2000:]}"
        )


def _read(folder: Path) -> ExportedModel:
    metadata = yaml.safe_load((folder / "metadata.yaml").read_text())
    return ExportedModel(
        xml=folder / "model.xml",
        names={int(index): str(name) for index, name in metadata["names"].items()},
        end_to_end=bool(metadata["end2end"]),
    )


def _main(checkpoint: str) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from ultralytics import YOLO

    # nms=False asks for the end-to-end head where the model has one.
    YOLO(checkpoint).export(format="openvino", dynamic=True, nms=False, device="cpu")


def _end_with_parent() -> None:
    """Standard input ends when whoever asked for the model does, however that happens."""
    # Not through sys.stdin, which would be locked when the interpreter ends.
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    _main(sys.argv[1])
