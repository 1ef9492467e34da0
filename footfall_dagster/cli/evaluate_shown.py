"""How figures of an evaluation are shown: tables for people, JSON for scripts.

Belongs here: columns, rounding, words below a table. Does not belong here: any figure.
"""

import json
from collections.abc import Mapping
from math import isnan
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from footfall_dagster.cli.evaluate_clip import EvaluatedClip
from footfall_dagster.cli.evaluate_day import EvaluatedDay
from vision.evaluate.counts import SAMPLE_US, GateCount, ZoneCount
from vision.evaluate.scores import Scores

_SHARES = {
    "HOTA": "hota",
    "DetA": "det_a",
    "AssA": "ass_a",
    "IDF1": "idf1",
    "MOTA": "mota",
    "recall": "recall",
    "precision": "precision",
}
_NUMBERS = {"switches": "id_switches", "ids": "ids", "people": "people"}
_NONE = "-"


def show_scores(scores: Mapping[str, Scores], console: Console) -> None:
    """One row for each name."""
    table = Table("", box=None, pad_edge=False)
    for heading in (*_SHARES, *_NUMBERS, "ids/person"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, one in scores.items():
        shares = [_number(getattr(one, field), 3) for field in _SHARES.values()]
        numbers = [str(getattr(one, field)) for field in _NUMBERS.values()]
        table.add_row(escape(name), *shares, *numbers, _number(one.id_ratio, 2))
    # A column that is squeezed loses figures.
    console = Console(file=console.file, width=max(console.width, 120))
    console.print(table, soft_wrap=True)


def show_clip(evaluated: EvaluatedClip, console: Console) -> None:
    """Scores of a video, and what they cost."""
    show_scores({evaluated.name: evaluated.scores}, console)
    figures, clip, followed = evaluated.figures(), evaluated.clip, evaluated.followed
    console.print(
        f"{clip.seconds:.1f} s of video, {len(clip.frames_us)} frames, {followed.analysed} of them "
        f"analysed ({evaluated.fps:g} a second) by {evaluated.detector}",
        highlight=False,
        markup=False,
    )
    console.print(
        f"Each second of video took {figures['wall_s_per_s']:.2f} s, and "
        f"{figures['processor_s_per_s']:.2f} s of processors",
        highlight=False,
    )
    if (later := len(clip.frames_us) - evaluated.truth_frames) > 0:
        console.print(
            f"The truth has nobody in the last {later} frames: whoever is found there is false",
            highlight=False,
        )


def show_day(evaluated: EvaluatedDay, console: Console) -> None:
    """Scores of each camera, counts of each gate and zone."""
    if evaluated.scores:
        several = len(evaluated.scores) > 1
        together = {"together": evaluated.together} if several else {}
        show_scores({**evaluated.scores, **together}, console)
    if evaluated.gates:
        console.print(_gates(evaluated.gates))
    if evaluated.zones:
        console.print(_zones(evaluated.zones))
        console.print(
            f"Occupancy is of people on a visit, every {SAMPLE_US // 1_000_000} s; off is by how "
            "many it was wrong each time, on average",
            highlight=False,
        )
    for note in evaluated.notes:
        console.print(f"Note: {note}", highlight=False, markup=False)


def write(figures: Mapping[str, object], out: Path | None) -> None:
    """Figures as JSON, where a file is named.

    Raises:
        OSError: It cannot be written.
    """
    if out is not None:
        out.write_text(json.dumps(figures, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _gates(gates: list[GateCount]) -> Table:
    table = _counts("gate", ("entries", "truth", "error", "exits", "truth", "error"))
    for one in gates:
        table.add_row(
            one.gate,
            *(str(one.entries), str(one.true_entries), f"{one.entries - one.true_entries:+d}"),
            *(str(one.exits), str(one.true_exits), f"{one.exits - one.true_exits:+d}"),
        )
    return table


def _zones(zones: list[ZoneCount]) -> Table:
    headings = ("visits", "truth", "median dwell s", "truth", "occupancy", "truth", "off")
    table = _counts("zone", headings)
    for one in zones:
        table.add_row(
            one.zone,
            *(str(one.visits), str(one.true_visits)),
            *(_number(one.dwell_median_s, 1), _number(one.true_dwell_median_s, 1)),
            *(_number(one.occupancy, 2), _number(one.true_occupancy, 2)),
            _number(one.occupancy_error, 2),
        )
    return table


def _counts(first: str, headings: tuple[str, ...]) -> Table:
    table = Table(first, box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right", style="dim" if heading == "truth" else None)
    return table


def _number(value: float | None, digits: int) -> str:
    return _NONE if value is None or isnan(value) else f"{value:.{digits}f}"
