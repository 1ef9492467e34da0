"""`footfall evaluate`: how well people are found, followed and counted, beside a truth.

Belongs here: options, progress, exit codes. Does not belong here: figures (`vision.evaluate`), a
video or a day and its truth (`footfall_dagster.cli.evaluate_clip`, `evaluate_day`), or how figures
are shown (`evaluate_shown`).
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from footfall_dagster.cli.progress import progress
from footfall_dagster.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_TRUTH = click.option(
    "--truth",
    required=True,
    type=_FILE,
    metavar="GT.TXT",
    help="Boxes of who is really there, in MOTChallenge's format; frames count from 1.",
)
_VISIBLE = click.option(
    "--visible",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Of whom less is to be seen is neither missed nor, if found, false. Needs a truth of nine "
    "columns. Default: 0.1 for what `footfall simulate` made, else 0.",
)
_JSON = click.option(
    "--json",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write all figures there too, for scripts.",
)
# To click, \b is a paragraph that is not to be wrapped.
_FIGURES = """\b
Figures:
  HOTA        how well people are followed, in all: the mean over overlaps of
              the root of DetA x AssA (Luiten et al. 2021)
  DetA, AssA  how well boxes agree; how well the boxes of one id are those of
              one person
  IDF1        share of boxes with the id of their person (Ristani et al. 2016)
  MOTA        1 less misses, false boxes and id switches, for each true box
              (Bernardin and Stiefelhagen 2008)
  ids/person  ids reported for each person in the truth; 1 is right
"""


@click.group()
def command() -> None:
    """Measure how well people are found, followed and counted, beside a truth.

    `clip` follows people through any video with true boxes, `tracks` takes what some program made
    of one, and `day` what a run made of a day's recordings. All three score alike, so their figures
    can be compared. Nothing is stored but the file that --json names.
    """


@command.command(epilog=_FIGURES)
@click.argument("video", type=_FILE)
@_TRUTH
@click.option(
    "--fps",
    type=click.FloatRange(0, 1000, min_open=True),
    metavar="F",
    help="Frames to analyse per second. Default: the camera's, else 6.",
)
@click.option(
    "--homography",
    type=_FILE,
    metavar="FILE",
    help="Three lines of three numbers: the matrix that takes pixels to metres on the floor.",
)
@click.option(
    "--camera",
    metavar="ID",
    help="Look at VIDEO as at a recording of this camera: its calibration, masks and rate.",
)
@click.option(
    "--site",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="SITE_DIR",
    help="Where its cameras.yaml is. Default: FOOTFALL_SITE.",
)
@click.option(
    "--weights", type=_FILE, metavar="FILE", help="A YOLO checkpoint. Default: that of a run."
)
@_VISIBLE
@_JSON
def clip(
    video: Path,
    truth: Path,
    fps: float | None,
    homography: Path | None,
    camera: str | None,
    site: Path | None,
    weights: Path | None,
    visible: float | None,
    out: Path | None,
) -> None:
    """Run detector and tracker over VIDEO, and score what they make of it.

    They are those of a run, and look at the frames that a run would look at. Between those, boxes
    move in a straight line. Frames of the truth are the frames of VIDEO in their order, whatever
    their time stamps say. Where the floor is known, people are followed on it, as in a run.
    """
    from footfall_dagster.cli.evaluate_clip import evaluate_clip
    from footfall_dagster.cli.evaluate_shown import show_clip, write

    if homography is not None and camera is not None:
        raise click.UsageError("--camera brings a calibration: leave out --camera or --homography")
    settings = Settings() if site is None else Settings(site=site)
    if weights is not None:
        settings = settings.model_copy(update={"weights": weights})
    with _failing_in_words():
        _refuse_watched(out, settings)
        evaluated = evaluate_clip(
            settings,
            video,
            truth,
            visible=visible,
            fps=fps,
            homography=homography,
            camera=camera,
            progress=progress,
        )
        show_clip(evaluated, Console())
        write(evaluated.figures(), out)


@command.command(epilog=_FIGURES)
@click.argument("tracks", type=_FILE)
@_TRUTH
@_VISIBLE
@_JSON
def tracks(tracks: Path, truth: Path, visible: float | None, out: Path | None) -> None:
    """Score TRACKS, a file of boxes with ids that some program wrote.

    Both files are in MOTChallenge's format: frame, id, left, top, width, height, and more that is
    not read of TRACKS. A frame that TRACKS leaves out has nobody: nothing is filled in.
    """
    from footfall_dagster.cli.evaluate_clip import people
    from footfall_dagster.cli.evaluate_shown import show_scores, write
    from vision.evaluate.mot import read_found
    from vision.evaluate.scores import score

    with _failing_in_words():
        _refuse_watched(out, Settings())
        scores = score(people(truth, visible), read_found(tracks))
        show_scores({tracks.name: scores}, Console())
        write(scores.figures(), out)


@command.command(epilog=_FIGURES)
@click.option(
    "--day",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="The trading day, such as 2026-03-14.",
)
@click.option(
    "--truth",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="CAMERA_gt.txt, gate_crossings.parquet and zone_visits.parquet, or some of them, as "
    "`footfall simulate` writes them.",
)
@click.option("--camera", metavar="ID", help="Default: every camera that was run.")
@click.option(
    "--starts",
    type=click.DateTime(["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f"]),
    metavar="'YYYY-MM-DD HH:MM:SS'",
    help="When frame 1 of the boxes was taken, at the site. Default: as simulation.json says.",
)
@click.option(
    "--fps",
    type=click.FloatRange(0, 1000, min_open=True),
    metavar="F",
    help="Frames of the boxes per second. Default: as simulation.json says.",
)
@_VISIBLE
@_JSON
def day(
    day: dt.datetime,
    truth: Path,
    camera: str | None,
    starts: dt.datetime | None,
    fps: float | None,
    visible: float | None,
    out: Path | None,
) -> None:
    """Score what a run made of a day of the site that FOOTFALL_SITE names.

    Tracks are compared with the boxes of the truth, crossings of gates and visits to zones with
    those of the truth. What happened while a camera was not recorded is left out. Tracks are kept
    for hours only: evaluate a day soon after it was run, or run it again.
    """
    from footfall_dagster.cli.evaluate_day import evaluate_day
    from footfall_dagster.cli.evaluate_shown import show_day, write

    settings = Settings()
    with _failing_in_words():
        _refuse_watched(out, settings)
        with progress("scoring tracks") as on_camera:
            evaluated = evaluate_day(
                settings,
                day.date(),
                truth,
                camera=camera,
                starts=starts,
                fps=fps,
                visible=visible,
                on_camera=on_camera,
            )
        show_day(evaluated, Console())
        write(evaluated.figures(), out)


def _refuse_watched(out: Path | None, settings: Settings) -> None:
    from footfall_dagster.published_files.folder import refuse_watched

    if out is not None:
        refuse_watched(out, settings)


@contextmanager
def _failing_in_words() -> Iterator[None]:
    from footfall_dagster.lake import NotMaterialised
    from footfall_dagster.privacy.wall import Refused
    from footfall_dagster.published_files import ExportError
    from footfall_dagster.weights import WeightsMissing
    from vision.openvino_export import ExportFailed
    from vision.site.load import SiteFileError

    known = (NotMaterialised, Refused, ExportError, WeightsMissing, ExportFailed, SiteFileError)
    try:
        yield
    except (*known, ValueError, OSError) as failure:
        raise click.ClickException(str(failure)) from None
