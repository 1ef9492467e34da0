"""Nobody is told of anything: which libraries would report to their makers, and how each is kept.

Belongs here: the one list of them, and the settings that keep them quiet. Does not belong here:
fetching weights, the only thing that ever asks a host for anything (`footfall weights`).

Importing `vision` applies the list, before any of these libraries can be imported by it, by
`assets` or by `footfall_dagster`; processes that they start inherit it. Dagster's webserver and
daemon load none of our modules: `.env` and `dagster.yaml` tell them, and a test holds those
against this list.
"""

import json
import os
import sys
from pathlib import Path

ENVIRONMENT = {
    # ultralytics: usage events, the look for a connection and for updates; downloads of fonts.
    "YOLO_OFFLINE": "true",
    # ultralytics: installing with pip what it finds missing.
    "YOLO_AUTOINSTALL": "false",
    # ultralytics: the client of its platform, which sends where it finds a key.
    "ULTRALYTICS_API_KEY": "",
    # Great Expectations: usage statistics, in the releases that have them.
    "GX_ANALYTICS_ENABLED": "false",
    # Dagster: usage statistics, collected by all processes and sent by the webserver.
    "DAGSTER_DISABLE_TELEMETRY": "true",
}
"""Variables, for this process and those it starts."""

ABSENT = ("openvino_telemetry",)
"""Modules that shall not be found. OpenVINO reports every import and conversion through this one,
asks nobody first, has no variable that says no, and does without where it is not installed."""

_ULTRALYTICS = {"sync": False, "api_key": "", "openai_api_key": ""} | dict.fromkeys(
    ("clearml", "comet", "dvc", "mlflow", "raytune", "tensorboard", "wandb"), False
)


def keep_quiet() -> None:
    """Apply the list to this process; may be called again."""
    os.environ.update(ENVIRONMENT)
    for name in ABSENT:
        # None makes an import fail as that of a module which is not installed.
        sys.modules[name] = None  # type: ignore[assignment]


def ultralytics(folder: Path) -> dict[str, str]:
    """Settings of ultralytics in `folder` instead of the user's home, with nothing switched on.

    Args:
        folder: Made where missing; ultralytics makes a folder of its own in it.

    Returns:
        What the environment of a process must hold before it imports ultralytics.
    """
    settings = folder / "Ultralytics" / "settings.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    if not settings.exists():
        # ultralytics adds the settings that it misses.
        settings.write_text(json.dumps(_ULTRALYTICS))
    return {"YOLO_CONFIG_DIR": str(folder), "YOLO_VERBOSE": "false"}
