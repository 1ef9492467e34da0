"""What is in a folder of recordings, as tables for people and as lines of JSON for scripts.

Belongs here: putting files that follow each other and are of one kind into one row, and layout.
Does not belong here: finding out (`vision.exports.explain`), words of advice
(`vision.exports.advice`), options (`footfall_dagster.cli.exports`).
"""

import datetime as dt
import json
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from footfall_dagster.cli.exports_rows import clock, end, holds, lasts, local, runs, time
from vision.exports.advice import Advice, advice, entry, offset
from vision.exports.recorders import RECORDERS
from vision.exports.told import Group, State, Told
from vision.site.models import Site

_SHOWN_NAMES = 3
_INDENT = (0, 0, 0, 2)


def as_lines(groups: Sequence[Group]) -> Iterator[str]:
    """A JSON object for each file."""
    for group in groups:
        lines = entry(group) if group.look is not None else []
        for one in group.files:
            yield json.dumps(_object(one, group, lines))


def _object(one: Told, group: Group, lines: Sequence[str]) -> dict[str, object]:
    said = list(advice(one, group))
    told = asdict(one) | {
        "camera": None if group.camera is None else group.camera.id,
        "would_fit": list(lines),
        "named_like": group.like,
        "zone": group.zone,
        "says": [one.what for one in said],
        "remedies": [one.remedy for one in said if one.remedy],
        "start": _iso(one.start),
        "day": None if one.day is None else one.day.isoformat(),
        "starts": {source: _iso(at) for source, at in one.starts.items()},
        "video": None,
    }
    if one.video is not None:
        told["video"] = asdict(one.video) | {
            "container_at": _iso(one.video.container_at),
            "onvif_at": _iso(one.video.onvif_at),
            "duration_s": one.video.duration_s,
            "paused_s": round(one.video.paused_s, 3),
        }
    return told


def _iso(at: dt.datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def show(groups: Sequence[Group], site: Site | None, console: Console, *, each: bool) -> None:
    """Print tables: cameras, then files of none, then what was left alone."""
    zone = None if site is None else site.zone_info
    for group in groups:
        if group.camera is None and group.look is None:
            _print_left(group, console)
            continue
        _print_heading(group, site, console)
        if group.files:
            notes = _notes(group)
            console.print(_table(group, zone, list(notes), each=each))
            _print_notes(notes, console)
        console.print()
    states = Counter(one.state for group in groups for one in group.files)
    counts = [f"{states[state]:,} {words}" for state, words in _STATES.items() if states[state]]
    total = f"{_files(states.total())}: {', '.join(counts)}" if counts else "no files"
    console.print(total, highlight=False)


_STATES: dict[State, str] = {
    "used": "used",
    "repeated": "repeated by others",
    "readable": "readable",
    "unopened": "not opened",
    "set_aside": "set aside",
    "no_clock": "without a time",
    "left_alone": "no video",
}


def _print_heading(group: Group, site: Site | None, console: Console) -> None:
    if group.camera is not None:
        exports = group.camera.exports
        written = exports if isinstance(exports, str) else f"as {exports.recorder} names them"
        console.print(f"[bold]{group.camera.id}[/bold]  {_shown(written)}", highlight=False)
    else:
        of_none = "Of no camera" if site is not None else "Looks like"
        console.print(f"[bold]{of_none}[/bold]  {_whose(group)}", highlight=False)
        for line in entry(group):
            console.print(f"  {_shown(line)}", style="green", highlight=False, soft_wrap=True)
        if group.like is not None:
            told = (
                f"{group.like} has files of such names in another folder; is this the folder of "
                "recordings itself, and is `exports` right?"
            )
            console.print(Padding(told, _INDENT, expand=False), highlight=False)
    console.print(Padding(_counted(group), _INDENT, expand=False), style="dim", highlight=False)


def _whose(group: Group) -> str:
    look = group.look
    assert look is not None
    if look.recorder is not None:
        return RECORDERS[look.recorder].title
    if look.exports is not None:
        return "names with date and time, of no recorder that is known here"
    return "names that tell no time" + (f", in {_shown(look.folder)}" if look.folder else "")


def _counted(group: Group) -> str:
    if not group.files:
        return "no file fits; is `exports` right, and is this the folder of recordings itself?"
    unopened = sum(one.state == "unopened" for one in group.files)
    told = [_files(len(group.files))]
    if unopened == len(group.files):
        told.append("none of them opened")
    elif unopened:
        told.append(f"{len(group.files) - unopened:,} of them looked into (--most 0: all)")
    if group.zone is not None:
        told.append(f"names in {group.zone}")
    elif (ahead := offset(group)) is not None:
        told.append(f"names in UTC{ahead[0]}, if {ahead[1]:,} of them are right")
    elif any("name" in one.starts for one in group.files):
        told.append("names in the recorder's time, whatever zone that is")
    return ", ".join(told)


def _table(group: Group, zone: ZoneInfo | None, notes: Sequence[Advice], *, each: bool) -> Table:
    table = Table(
        box=None, pad_edge=False, padding=(0, 1), collapse_padding=True, header_style="dim"
    )
    if each:
        table.add_column("file", overflow="fold")
    table.add_column("day" if group.camera else "date", no_wrap=True)
    table.add_column("from", no_wrap=True)
    if not each:
        table.add_column("until", no_wrap=True)
        table.add_column("files", justify="right", no_wrap=True)
    table.add_column("lasts", justify="right")
    table.add_column("clock")
    table.add_column("holds", no_wrap=not each)
    table.add_column("note", no_wrap=True)
    for files in [[one] for one in group.files] if each else runs(group):
        first, last = local(files[0].start, zone), local(end(files[-1]), zone)
        day = files[0].day if group.camera else first
        cells = ["-" if day is None else f"{day:%Y-%m-%d}", time(first)]
        cells = [_shown(files[0].name), *cells] if each else [*cells, time(last), f"{len(files):,}"]
        said = {notes.index(matter) + 1 for one in files for matter in advice(one, group)}
        marks = " ".join(map(str, sorted(said)))
        facts = [(", " if each else "\n").join(f(files)) for f in (lasts, clock, holds)]
        table.add_row(*cells, *facts, marks)
    return table


def _notes(group: Group) -> dict[Advice, list[str]]:
    """What is to be said, and of which files."""
    notes: dict[Advice, list[str]] = defaultdict(list)
    for one in group.files:
        for said in advice(one, group):
            notes[said].append(one.name)
    return notes


def _print_notes(notes: Mapping[Advice, Sequence[str]], console: Console) -> None:
    grid = Table.grid(padding=(0, 1))
    for number, (said, names) in enumerate(notes.items(), 1):
        style = "red" if said.fails else "yellow"
        told = escape(f"{said.what} {said.remedy}".rstrip())
        grid.add_row(f" [{style}]{number}[/{style}]", told)
        grid.add_row("", "\n".join(f"[dim]{_shown(name)}[/dim]" for name in names[:_SHOWN_NAMES]))
        if len(names) > _SHOWN_NAMES:
            grid.add_row("", f"[dim]and {len(names) - _SHOWN_NAMES:,} more[/dim]")
    if notes:
        console.print(grid, highlight=False)


def _files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"


def _print_left(group: Group, console: Console) -> None:
    endings = Counter(posixpath.splitext(one.name)[1].lower() or "none" for one in group.files)
    told = ", ".join(f"{_shown(ending)} {count:,}" for ending, count in endings.most_common())
    console.print("[bold]Left alone[/bold]  no video by their names", highlight=False)
    console.print(Padding(told, _INDENT, expand=False), style="dim", highlight=False)
    console.print()


def _shown(name: str) -> str:
    """A name as a terminal can show it, whatever bytes it is made of."""
    return escape(
        "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in name)
    )
