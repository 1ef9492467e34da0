"""A checkpoint as an OpenVINO model, exported once and kept in a cache.

Belongs here: the export, its cache and what happens when several processes want it at once. Does
not belong here: running the model (`vision.yolo`).

The export runs in a process of its own: ultralytics and torch cost half a gigabyte that a
camera-day then never carries, and their settings and working folder stay away from ours.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import yaml

from vision.quiet import ultralytics

_FORMAT = 1
"""Raise when the export's settings change, so that old models are not taken for new ones."""


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
    processes that export at once, one wins and the others use its result.

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
        with tempfile.TemporaryDirectory(prefix=".export-", dir=cache) as scratch:
            _export_aside(weights, Path(scratch))
            try:
                (Path(scratch) / "model_openvino_model").rename(folder)
            except OSError:
                if not folder.is_dir():
                    raise
    return _read(folder)


def _key(weights: Path) -> str:
    with weights.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    settings = f"{_FORMAT} {version('ultralytics')} {version('openvino')}"
    return f"{content[:24]}-{hashlib.sha256(settings.encode()).hexdigest()[:8]}"


def _export_aside(weights: Path, scratch: Path) -> None:
    shutil.copyfile(weights, scratch / "model.pt")
    environment = {
        **os.environ,
        **ultralytics(scratch),
        # `-m` finds this module wherever the parent found it.
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), *sys.path]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "vision.openvino_export", "model.pt"],
        cwd=scratch,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not (scratch / "model_openvino_model" / "model.xml").is_file():
        raise ExportFailed(
            f"{weights.name} could not be exported to OpenVINO; is it an ultralytics detection "
            f"checkpoint? {done.stderr.strip()[-2000:]}"
        )


def _read(folder: Path) -> ExportedModel:
    metadata = yaml.safe_load((folder / "metadata.yaml").read_text())
    return ExportedModel(
        xml=folder / "model.xml",
        names={int(index): str(name) for index, name in metadata["names"].items()},
        end_to_end=bool(metadata["end2end"]),
    )


def _main(checkpoint: str) -> None:
    from ultralytics import YOLO

    # nms=False asks for the end-to-end head where the model has one.
    YOLO(checkpoint).export(format="openvino", dynamic=True, nms=False, device="cpu")


if __name__ == "__main__":
    _main(sys.argv[1])
