"""What following people costs and how well it is done: ours beside `yolo track` and supervision.

Run: .venv/bin/python -m bench.tracking --footage FOLDER [--write] [--repeats 3] [--seed 1].
FOLDER holds caviar/ and tud-stadtmitte/; without it, their rows are left out and the page says so.
The weights are those of a run (FOOTFALL_WEIGHTS, or what `footfall weights` fetched), the same for
all. ultralytics comes with the project; for the row of supervision and roboflow's trackers, `pip
install --no-deps supervision trackers pydeprecate defusedxml` once. A row that cannot be made is
left out with its reason.

Every contender runs in a process of its own over the same file, all of them in turns, so that
whatever else the machine does meets all alike. One repeat takes two hours on two cores: `yolo
track` looks at each of 30 frames a second. For a glance: --seconds 10 --repeats 1 --hours 1
--people 5 20 --times 1 2.

Belongs here: what is run in which order, the table, the page. Does not belong here: the clips and
how tracks are judged (`bench.tracking_clips`), how each contender is called
(`bench.tracking_contenders`) and run (`bench.tracking_runs`), what is invented to see growth
(`bench.tracking_growth`).
"""

import argparse
import os
import platform
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from bench.spent import CommandFailed
from bench.tracking_clips import NAMES, Absent, Known, known
from bench.tracking_contenders import CONTENDERS
from bench.tracking_growth import (
    CROWD_S,
    PEOPLE_OF_A_DAY,
    Grown,
    draw,
    slope,
    tracked,
    watched,
)
from bench.tracking_runs import Bench, Runs, say
from footfall_dagster.settings import Settings
from footfall_dagster.weights import WeightsMissing, at_hand
from vision.evaluate.scores import pool
from vision.yolo import cuda_at_hand

PAGE = Path("docs/performance.md")
DRAWING = PAGE.with_name("tracking_growth.svg")
BEGINS, ENDS = "<!-- bench.tracking begins -->", "<!-- bench.tracking ends -->"
HOURS = "hours of video"
TITLES = {
    "tud": "TUD-Stadtmitte",
    **{name: f"arcade, {name.removeprefix('arcade-')} a minute" for name in NAMES if "-" in name},
    "caviar": "CAVIAR",
}
COLUMNS = (
    "clips",
    "contender",
    "frames looked at, per s",
    "processor-s per s of video, in all",
    "processor-s per s, marginal",
    "wall s per s, in all",
    "wall s per s, marginal",
    "MB at most",
    "IDF1",
    "HOTA",
    "ids per person",
    "MOTA",
    "gate crossings miscounted",
)


def row(title: str, runs: Sequence[Runs]) -> str:
    """A line of the table: one contender on clips that are taken together."""
    seconds = sum(one.known.clip.seconds for one in runs)
    looked_at = sum(one.told[0].looked_at for one in runs)

    def per_s(what: str) -> str:
        return f"{sum(one.median(what) for one in runs) / seconds:.2f}"

    label = CONTENDERS[runs[0].contender].label.format(tracker=runs[0].told[0].tracker)
    cells = [title, label, f"{looked_at / seconds:.1f}"]
    cells += [per_s(f"{kind}{what}") for what in ("processor_s", "wall_s") for kind in _KINDS]
    cells.append(f"{max(one.median('megabytes') for one in runs):.0f}")
    return f"| {' | '.join([*cells, *judged(runs)])} |"


_KINDS = ("", "marginal_")


def judged(runs: Sequence[Runs]) -> list[str]:
    """IDF1, HOTA, ids per person, MOTA and miscounted crossings; empty where no truth is."""
    scores = [
        score
        for one in runs
        if one.tracks is not None
        and (score := one.known.scored(one.tracks, one.every_frame)) is not None
    ]
    counts = [
        count
        for one in runs
        if one.tracks is not None and (count := one.known.miscounted(one.tracks)) is not None
    ]
    cells = [""] * 4
    if scores:
        together = pool(scores)
        figures = (together.idf1, together.hota, together.id_ratio, together.mota)
        cells = [f"{figure:.3f}" for figure in figures]
    wrong, true = (sum(one) for one in zip(*counts, strict=True)) if counts else (0, 0)
    return [*cells, f"{wrong} of {true}" if counts else ""]


def growth(
    bench: Bench, clips: Mapping[str, list[Known]], asked: argparse.Namespace, drawing: Path
) -> Iterator[str]:
    """Measure growth, draw it, and say it in figures."""
    filmed = next((found[0] for name, found in clips.items() if name.startswith("arcade")), None)
    hours = [(one, PEOPLE_OF_A_DAY, one * 3600) for one in asked.hours]
    crowds = [(float(one), one, CROWD_S) for one in asked.people]
    wanted: list[tuple[str, str, Iterator[Grown]]] = []
    if filmed:
        found = watched(filmed.clip, filmed.fps, asked.times, bench.environment)
        wanted.append(("detector and tracker", HOURS, found))
    found = tracked(hours, bench.environment)
    wanted.append((f"tracker, {PEOPLE_OF_A_DAY} people in view", HOURS, found))
    wanted.append(("tracker, crowds", "people in a frame", tracked(crowds, bench.environment)))
    measured: list[tuple[str, str, list[Grown]]] = []
    for title, unit, sizes in wanted:
        grown = []
        try:
            for one in sizes:
                say(f"growth: {title}, {one.size:.3g} {unit}, {one.processor_s:.0f} processor-s")
                grown.append(one)
        except CommandFailed as failure:
            bench.left_out.append(f"{title}: {failure}")
        if grown:
            measured.append((title, unit, grown))
    if not measured:
        return
    draw(measured, drawing)
    yield f"\n![How it grows]({drawing.name})\n"
    yield "\n| what | size | processor-s per s of video | MB at most |\n|---|---|---|---|\n"
    for title, unit, grown in measured:
        for one in grown:
            yield (
                f"| {title} | {one.size:.3g} {unit} | {one.processor_s_per_s:.4f} "
                f"| {one.megabytes:.0f} |\n"
            )
    for title, unit, grown in measured:
        # From minutes nothing follows for hours.
        if unit == HOURS and len(grown) > 1 and grown[-1].size >= 1:
            yield f"\nMemory, {title}: {slope(grown):+.0f} MB with each hour.\n"


def conditions(weights: Path, asked: argparse.Namespace) -> str:
    packages = ("ultralytics", "torch", "openvino", "supervision", "trackers")
    installed = [f"{name} {version(name)}" for name in packages if find_spec(name)]
    gpu = ""
    if cuda_at_hand():
        import torch

        gpu = f", {torch.cuda.get_device_name()}"
    return (
        f"{os.cpu_count()} cores{gpu}, Python {platform.python_version()}, {', '.join(installed)}; "
        f"weights {weights.stem} for all; simulated clips of {asked.seconds:g} s, "
        f"seed {asked.seed}; medians of {asked.repeats}.\n"
    )


def with_table(page: str, table: str) -> str:
    """The page with what stands between the two marks replaced.

    Raises:
        ValueError: It has not both marks, in order.
    """
    before, begins, rest = page.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not (begins and ends):
        raise ValueError(f"{PAGE} has no lines {BEGINS} and {ENDS}; put both where the table goes")
    return f"{before}{BEGINS}\n{table.strip()}\n{ENDS}{after}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    several = {"nargs": "*"}
    parser.add_argument("--clips", **several, choices=NAMES, default=list(NAMES))
    parser.add_argument("--contenders", **several, choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--footage", type=Path, help="folder of real recordings")
    parser.add_argument("--folder", type=Path, help="keeps simulated clips and exports there")
    parser.add_argument("--repeats", type=int, default=3, help="costs are medians of so many runs")
    parser.add_argument("--seed", type=int, default=1, help="of simulated clips")
    parser.add_argument("--seconds", type=float, default=60, help="length of simulated clips")
    parser.add_argument(
        "--times", **several, type=int, default=[1, 2, 4, 8], help="growth: a clip so often"
    )
    parser.add_argument(
        "--hours", **several, type=float, default=[1, 3, 6, 12], help="growth: hours of boxes"
    )
    parser.add_argument(
        "--people", **several, type=int, default=[5, 20, 50, 100, 200], help="growth: in a frame"
    )
    parser.add_argument("--write", action="store_true", help=f"put it all into {PAGE}, too")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    try:
        weights = at_hand(Settings())
        if asked.write:
            # Hours before it is needed.
            with_table(PAGE.read_text(), "")
    except (WeightsMissing, ValueError, OSError) as missing:
        raise SystemExit(str(missing)) from None
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        lines = [conditions(weights, asked)]
        bench = Bench(folder.resolve(), weights)
        clips: dict[str, list[Known]] = defaultdict(list)
        for name in asked.clips:
            say(f"clips: {TITLES[name]}")
            try:
                clips[name] += known(name, folder, asked.seed, asked.seconds, asked.footage)
            except Absent as absent:
                bench.left_out.append(f"{TITLES[name]}: {absent}")
        contenders = bench.present(asked.contenders)
        here = {name: found for name, found in clips.items() if found}
        if here:
            contenders = bench.prepare(contenders, next(iter(here.values()))[0])
        table = [f"\n| {' | '.join(COLUMNS)} |\n", f"|{'---|' * len(COLUMNS)}\n"]
        for name, found in here.items():
            for runs in bench.compare(TITLES[name], found, contenders, asked.repeats):
                table.append(row(TITLES[name], runs) + "\n")
                say(table[-1].rstrip())
        drawing = DRAWING if asked.write else folder / DRAWING.name
        lines += [*table, *growth(bench, here, asked, drawing)]
        lines += [f"\nLeft out: {one}.\n" for one in bench.left_out]
        made = "".join(lines)
        print(made)
        if asked.write:
            PAGE.write_text(with_table(PAGE.read_text(), made))


if __name__ == "__main__":
    main()
