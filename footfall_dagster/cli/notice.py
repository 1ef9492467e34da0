"""`footfall notice`: draft, issue or check the public notice of a site.

Belongs here: what is printed, where drafts go, exit codes. Does not belong here: what a notice says
(`assets.notice`), keeping and comparing it (`footfall_dagster.notice`).
"""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

if TYPE_CHECKING:
    from footfall_dagster.notice import SiteNotice

_DIRECTORY = click.argument(
    "directory", metavar="SITE", type=click.Path(path_type=Path, exists=False)
)


@click.group()
def command() -> None:
    """Draft, issue or check the public notice of a site, and its records.

    SITE is a directory with site.yaml and cameras.yaml. From these two and from the asset graph
    come: a sign to print on A4, the page with the whole notice, the record of processing (GDPR,
    article 30), the facts for an impact assessment (article 35), a model card, and the notice for
    programs (W3C DPV and DTPR, as JSON-LD).

    The notice in force is the folder `notice` of SITE. Every run compares it with what is
    configured, and fails where a field that it states is another one now, or where it was edited by
    hand. Where there is none, a check warns. Deleting what is past its time goes on in any case.

    What only you know is written below `notice` in site.yaml: controller, contact, url,
    legal_basis, data_protection_officer, recipients, authority. No lawyer has read these documents.
    """


@command.command()
@_DIRECTORY
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the documents into this folder as well, to look at; nothing comes into force.",
)
def draft(directory: Path, out: Path | None) -> None:
    """Show in what a notice of now would differ from the one in force, and what it lacks."""
    from assets.notice.documents import DOCUMENTS
    from footfall_dagster.notice import NoticeInvalid

    notice, console = _notice(directory), _console()
    try:
        found = notice.changes()
    except NoticeInvalid as invalid:
        console.print(f"In force: {invalid}")
    else:
        console.print("In force: the same" if not found else "In force: another one")
        for change in found:
            console.print(f"  {change}")
    _print_missing(notice, console)
    if out is None:
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in notice.draft(_today(notice)).items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(out, error) from error
    console.print(f"\nDrafts in {out}: {', '.join(DOCUMENTS)}")


@command.command()
@_DIRECTORY
def issue(directory: Path) -> None:
    """Put the notice in force that says what is configured now.

    Writes SITE/notice. Then print sign.html and publish page.html: nobody else does. Where the
    notice in force says the same already, nothing is written.
    """
    from assets.notice.documents import DOCUMENTS
    from footfall_dagster.notice import NoticeInvalid

    notice, console = _notice(directory), _console()
    try:
        issued = notice.in_force()
        renewed = bool(notice.changes()) or not notice.is_as_drafted(issued.on)
    except NoticeInvalid:
        renewed = True
    if not renewed:
        console.print(f"{notice.folder} says so already, since {issued.on}; nothing was written")
        return
    try:
        notice.issue(_today(notice))
    except OSError as error:
        raise _unwritable(notice.folder, error) from error
    for name, purpose in DOCUMENTS.items():
        console.print(f"{notice.folder / name}  {purpose}")
    _print_missing(notice, console)
    console.print(f"\nIn force since {_today(notice)}. Now put up the sign and publish the page.")


@command.command()
@_DIRECTORY
def check(directory: Path) -> None:
    """Say whether the notice in force says what is configured; ends with 1 where it does not.

    It is what every run asks before it begins; a run goes on where there is none.
    """
    notice = _notice(directory)
    if trouble := notice.absence() or notice.trouble():
        raise click.ClickException(trouble)
    click.echo(f"The notice of {notice.site.id} says what is configured.")


def _notice(directory: Path) -> "SiteNotice":
    from footfall_dagster.notice import SiteNotice
    from vision.site.problems import SiteFileError

    try:
        return SiteNotice.of(directory)
    except SiteFileError as wrong:
        raise click.ClickException(str(wrong)) from None


def _today(notice: "SiteNotice") -> dt.date:
    return dt.datetime.now(notice.site.zone_info).date()


def _print_missing(notice: "SiteNotice", console: Console) -> None:
    missing = notice.missing()
    if missing:
        console.print("\nThe law asks for, and site.yaml does not say:", style="bold")
    for field, what in missing:
        console.print(f"  {field}: {what}")


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, markup=False)


def _unwritable(folder: Path, error: OSError) -> click.ClickException:
    return click.ClickException(
        f"cannot write {folder} ({error.strerror}); issue it where the folder is yours, and copy it"
    )
