"""`footfall privacy prove`: non-interference of a day, on the command line.

Belongs here: options, progress, what is printed, exit codes. Does not belong here: the proof
(`footfall_dagster.privacy.prove`).
"""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich import box
from rich.console import Console
from rich.table import Table

from footfall_dagster.settings import Settings

if TYPE_CHECKING:
    from footfall_dagster.privacy.prove import Proof

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_SHOWN = 20


@click.command("prove", short_help="Prove that nobody's looks reach what is kept.")
@click.option("--day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The trading day.")
@click.option("--camera", "cameras", multiple=True, help="An id, again for more [all of the day].")
@click.option(
    "--runs",
    "draws",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Runs with other vectors and pixels. One bit in a whole day slips past each with even "
    "chance.",
)
@click.option(
    "--others",
    type=_FOLDER,
    help="Recordings of the same walks by other people, from `footfall simulate --cast`.",
)
@click.option(
    "--drift",
    is_flag=True,
    help="Prove nothing: say how far the detector's boxes move under a little noise.",
)
def prove(
    day: dt.datetime, cameras: tuple[str, ...], draws: int, others: Path | None, drift: bool
) -> None:
    """Prove of a day that what is kept does not depend on how anybody looks.

    Works on any day whose recordings are still there. The detector looks at every frame once. Then
    the whole pipeline, from the files to the marts and the report, runs again from the same boxes,
    scores and times: once more as filmed, and with other appearance vectors and other pixels in
    every frame. All that stands right of the wall after each run must be the same byte for byte:
    Parquet files, receipts, rows of the marts in stored order, the report, every event in Dagster's
    log. What was made of the day before is neither read nor touched; what the runs make is deleted.

    Takes as long as the day's camera jobs do, and for each further run what decoding and the rest
    of the pipeline take. Exit code 0: proved. 1: something differs or could not be read.

    It is not claimed where the site file switches on appearance or age and gender. On real footage
    the boxes themselves follow from the pixels; disturbing those shows drift (--drift), no leak.
    """
    from assets.privacy_record import entry
    from footfall_dagster.locks import LockTimeoutError
    from footfall_dagster.privacy.prove import NotProvable
    from footfall_dagster.privacy.prove import prove as carry_out
    from footfall_dagster.resources import records
    from footfall_dagster.weights import WeightsMissing
    from vision.site.load import SiteFileError, load_site

    settings, console = Settings(), Console(highlight=False)
    try:
        if drift:
            _print_drift(settings, day.date(), cameras, console)
            return
        proof = carry_out(settings, day.date(), cameras, draws=draws, others=others, say=click.echo)
    except (
        NotProvable,
        LockTimeoutError,
        WeightsMissing,
        SiteFileError,
        FileNotFoundError,
    ) as failure:
        raise click.ClickException(str(failure)) from None
    _print(proof, console)
    # The next privacy report tells of it.
    told = entry(proof.evidence, dt.datetime.now(dt.UTC))
    records(settings, load_site(settings.site)).keep_proof(day.date(), told)
    if not proof.evidence.passed:
        raise click.ClickException("not proved")


def _print(proof: "Proof", console: Console) -> None:
    # Narrow enough for a terminal of eighty columns.
    table = Table(
        title=f"Compared: {proof.evidence.scope}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("right of the wall", no_wrap=True)
    for name in ("items", "rows", "bytes"):
        table.add_column(name, justify="right")
    for number, run in enumerate(proof.runs):
        table.add_column(str(run.pixels) if number else "again")
    for line in proof.table:
        table.add_row(
            line.group,
            f"{line.items:,}",
            f"{line.rows:,}" if line.rows else "",
            f"{line.bytes:,}",
            *(f"{n} DIFFER" if n else "same" for n in line.different),
        )
    console.print(table)
    console.print(
        f"{proof.boxes:,} boxes in {proof.frames:,} frames; frames that showed something else: "
        + ", ".join(f"{changed:,}" for changed in proof.changed)
    )
    found = (*proof.evidence.findings, *proof.evidence.unread)
    for one in found[:_SHOWN]:
        console.print(f"{one.file} ({one.place}): {one.kind}", markup=False)
    if len(found) > _SHOWN:
        console.print(f"and {len(found) - _SHOWN} more")
    if proof.evidence.passed:
        console.print(
            f"Proved in {proof.evidence.seconds:.0f} s: the same boxes, scores and times leave the "
            "same behind, whatever the pixels and vectors are."
        )


def _print_drift(
    settings: Settings, day: dt.date, cameras: tuple[str, ...], console: Console
) -> None:
    from footfall_dagster import resources
    from footfall_dagster.privacy.noninterference.drift import drift
    from footfall_dagster.privacy.prove import cameras_to_prove
    from vision.site.load import load_site

    site = load_site(settings.site)
    chosen = cameras_to_prove(settings, site, day, cameras)
    detector = resources.build(settings, site)["detector"]
    table = Table(title="Boxes under noise of two grey levels", title_justify="left")
    for name in (
        "camera",
        "frames",
        "boxes",
        "under noise",
        "matched",
        "unmoved",
        "median",
        "most",
    ):
        table.add_column(name, justify="right" if name != "camera" else "left")
    for one in drift(site.on(day), chosen, settings.exports, detector, click.echo):
        figures = (one.frames, one.boxes, one.disturbed, one.matched, one.identical)
        pixels = (f"{one.median_px:.2f} px", f"{one.largest_px:.1f} px")
        table.add_row(one.camera, *(f"{figure:,}" for figure in figures), *pixels)
    console.print(table)
    console.print(
        "This is drift of the detector and proves nothing: other pixels give other boxes, and "
        "other boxes give other figures. It does not tell what flows past the boxes."
    )
