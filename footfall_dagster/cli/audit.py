"""`footfall audit`: what to count by eye, and how exact gates are by what was counted.

Belongs here: options, progress, what is printed, exit codes. Does not belong here: drawing
(`vision.site.audit_sample`), the sheet and what is wrong with it (`footfall_dagster.audits`).
"""

import datetime as dt
import random
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from footfall_dagster.cli.progress import progress
from footfall_dagster.settings import Settings
from vision.site.audits import LONGEST_MINUTES

if TYPE_CHECKING:
    from footfall_dagster.audits.score import Scored
    from vision.site.models import Site

_SEEDS = 1_000_000
_DAY = click.DateTime(["%Y-%m-%d"])
# To click, \b is a paragraph that is not to be wrapped.
_ROUND = """\b
The whole round:
  footfall audit sample --from 2026-03-09 --until 2026-03-14 --intervals 24
  ... somebody opens the recordings, counts, and fills in the sheet ...
  footfall audit score audit_arcade_471108.csv --run
"""


@click.group("audit", epilog=_ROUND)
def command() -> None:
    """Have gates counted by eye, and say how exact they are.

    `sample` draws short intervals and writes a sheet for whoever counts. `score` reads it back,
    says how far each gate is from what was seen, and keeps the counts in audits.yaml of the site,
    from where they come into the marts and the report. Both are about the site that FOOTFALL_SITE
    names.
    """


@command.command()
@click.option(
    "--day", type=_DAY, metavar="DAY", help="The trading day. Default: the last with marts."
)
@click.option("--from", "first", type=_DAY, metavar="DAY", help="Instead: the first of several.")
@click.option("--until", "last", type=_DAY, metavar="DAY", help="The last of them, included.")
@click.option(
    "--gate", "gates", multiple=True, metavar="NAME", help="A gate, again for more. Default: all."
)
@click.option(
    "--intervals",
    type=click.IntRange(1, 1000),
    default=12,
    show_default=True,
    metavar="N",
    help="How many in all, spread over the gates and over the day.",
)
@click.option(
    "--minutes",
    type=click.IntRange(1, LONGEST_MINUTES),
    default=5,
    show_default=True,
    metavar="N",
    help="How long each is.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    metavar="N",
    help="Draws the same again. Default: one that nobody chose; it is printed.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="SHEET.csv",
    help="The sheet. Default: audit_SITE_SEED.csv in the current folder.",
)
def sample(
    day: dt.datetime | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
    gates: tuple[str, ...],
    intervals: int,
    minutes: int,
    seed: int | None,
    out: Path | None,
) -> None:
    """Draw intervals at random for somebody to count by eye.

    Drawn are minutes of the trading hours that the gate's camera observed as a whole, on days that
    have marts, clear of minutes that were counted before. Each gate gets as many, from all over the
    day. Printed is where each is recorded; the sheet has empty columns `entries` and `exits` to
    fill in, with any spreadsheet. What the gate counted is neither printed nor in it: who knows
    that does not count.

    Recordings are needed for it, and live no longer than their retention.
    """
    from footfall_dagster.audits import AuditError, sheet
    from footfall_dagster.audits.draw import drawn
    from footfall_dagster.cli.audit_shown import print_drawn
    from footfall_dagster.published_files import ExportError
    from footfall_dagster.published_files.folder import refuse_watched

    settings = Settings()
    site = _site(settings)
    seed = secrets.randbelow(_SEEDS) if seed is None else seed
    out = out or Path(f"audit_{site.id}_{seed}.csv")
    try:
        refuse_watched(out, settings)
        with progress("looking for what was observed") as on_days:
            found = drawn(
                settings,
                site,
                _days(settings, site, day, first, last),
                _gates(site, gates),
                intervals,
                minutes,
                random.Random(seed),
                on_days,
            )
        told = [(one, camera, [str(place) for place in places]) for one, camera, places in found]
        sheet.write(out, site.id, site.zone_info, told)
    except (AuditError, ExportError) as failure:
        raise click.ClickException(str(failure)) from None
    print_drawn(site, found)
    if len(found) < intervals:
        click.echo(f"{len(found)} of {intervals}: there are no more that nobody has counted")
    if gone := sum(not place.is_there for _, _, places in found for place in places):
        click.echo(
            f"{gone} recordings are not there any more: leave what they showed blank, and draw of "
            "a later day next time"
        )
    click.echo(
        "Count who crosses the gate's line: entries to its inside, exits to the other side "
        "(footfall site picture draws it).\n"
        f"seed {seed}\nwrote {out}; fill in entries and exits, then: footfall audit score {out}"
    )


@command.command()
@click.argument("sheet_file", metavar="SHEET.csv", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--run",
    is_flag=True,
    help="Materialise the days again that rest on these counts, as `footfall run` does.",
)
def score(sheet_file: Path, run: bool) -> None:
    """Say how exact gates are by the counts in SHEET.csv, and keep these.

    Every row is checked first; where one is wrong, nothing is kept. Rows without counts stay
    uncounted. Accuracy is 1 less the people by whom eye and gate differ, interval by interval, per
    person counted by eye, with an interval that is meant to hold in 19 cases of 20; of few counts
    it is wide, and rightly.

    The counts are added to audits.yaml of the site, where nothing else is changed; a second time
    adds nothing. Marts and report have them once their day is materialised again, and so have those
    of the four weeks after it: --run does that, from the command line and while the day's events
    are kept.
    """
    from footfall_dagster.audits import AuditError, sheet
    from footfall_dagster.audits.score import score as scored_by
    from footfall_dagster.cli.audit_shown import print_exactness
    from footfall_dagster.lake import Lake
    from footfall_dagster.locks import LockTimeoutError, locked
    from vision.site.audits_file import CannotAdd, add
    from vision.site.load import SiteFileError

    settings = Settings()
    site = _site(settings)
    try:
        rows = sheet.read(sheet_file)
        with progress("comparing") as on_days:
            scored = scored_by(site, Lake(settings.lake, site), rows, on_days)
        if scored.faults:
            listed = "\n".join(map(str, scored.faults))
            raise click.ClickException(f"nothing was kept of {sheet_file}:\n{listed}")
        if scored.not_counted:
            count = len(scored.not_counted)
            click.echo(f"{count} row{'s' if count > 1 else ''} not counted, left out")
        if not scored.counts:
            raise click.ClickException(
                f"{sheet_file} has no counts: fill in its columns entries and exits"
            )
        with locked(settings.site, timeout_s=10):
            added = add(settings.site, scored.counts)
    except (AuditError, CannotAdd, SiteFileError, LockTimeoutError, OSError) as failure:
        raise click.ClickException(str(failure)) from None
    print_exactness(scored)
    click.echo(
        f"added {added} count{'' if added == 1 else 's'} to {settings.site / 'audits.yaml'}"
        + (f"; {len(scored.counts) - added} were there" if added < len(scored.counts) else "")
    )
    _materialise(settings, site, scored, run)


def _site(settings: Settings) -> "Site":
    from vision.site.load import SiteFileError, load_site

    try:
        return load_site(settings.site)
    except SiteFileError as wrong:
        raise click.ClickException(str(wrong)) from None


def _days(
    settings: Settings,
    site: "Site",
    day: dt.datetime | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
) -> list[dt.date]:
    """Days with marts that are asked for."""
    from footfall_dagster.audits import AuditError
    from footfall_dagster.resources import warehouse

    if day is not None and (first is not None or last is not None):
        raise click.UsageError("give either --day, or --from and --until")
    if first and last and first > last:
        raise click.BadParameter(
            f"{last.date()} is before {first.date()}; give the earlier day to --from",
            param_hint="--until",
        )
    made = warehouse(settings).days(site.id)
    if day is not None:
        first = last = day
    chosen = [
        one
        for one in made
        if (first is None or first.date() <= one) and (last is None or one <= last.date())
    ]
    if not chosen:
        known = f"there are marts from {made[0]} to {made[-1]}" if made else "there are none yet"
        raise AuditError(
            f"no day of {site.id} that is asked for has marts ({known}): materialise it first, "
            f"such as with footfall run {settings.site} --day 2026-03-14"
        )
    return chosen if first or last else chosen[-1:]


def _gates(site: "Site", asked: Sequence[str]) -> list[str]:
    from vision.site.wording import nearest

    known = sorted({gate.id for gate in site.file.gates})
    for name in asked:
        if name not in known:
            raise click.BadParameter(
                f"{name} is no gate; {nearest(name, known)}", param_hint="--gate"
            )
    return sorted(set(asked)) or known


def _materialise(settings: Settings, site: "Site", scored: "Scored", run: bool) -> None:
    """Make the days again that rest on the counts, or say which these are."""
    from assets.marts.inputs import AUDIT_DAYS
    from footfall_dagster.cli.run import run_and_print
    from footfall_dagster.resources import warehouse

    counted = {site.day_of(one.window(site.zone_info)[0]) for one in scored.counts}
    made = warehouse(settings).days(site.id)
    days = [day for day in made if any(0 <= (day - other).days < AUDIT_DAYS for other in counted)]
    if run:
        for day in days:
            run_and_print(settings, day, Console())
        return
    click.echo(
        "They are in marts and report of a day, and of those of the four weeks after it, once "
        "these are made again, the first day first:"
    )
    for day in days:
        click.echo(f"  footfall run {settings.site} --day {day}")
