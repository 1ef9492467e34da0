"""`footfall privacy`: what is asked of the privacy wall from a command line.

Belongs here: options, what is printed, exit codes. Does not belong here: any check
(`footfall_dagster.privacy`).
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from footfall_dagster.cli.prove import prove as prove_command
from footfall_dagster.privacy.chain import SEAL_DIGITS
from footfall_dagster.settings import Settings

if TYPE_CHECKING:
    from vision.site.models import Site


def _site(settings: Settings) -> "Site":
    """The site that the settings name; what is wrong with its files is told without a stack."""
    from vision.site.load import load_site
    from vision.site.problems import SiteFileError

    try:
        return load_site(settings.site)
    except SiteFileError as wrong:
        raise click.ClickException(str(wrong)) from None


@click.group("privacy")
def command() -> None:
    """Look after the privacy wall."""


command.add_command(prove_command)


@command.command("search", short_help="Look for pictures and vectors right of the wall.")
def search() -> None:
    """Look through all that lies right of the wall for pictures and vectors.

    Knows no contract. Ends with an error if anything was found or could not be read.
    """
    from footfall_dagster.instance import open_instance
    from footfall_dagster.privacy.inspection import SiteInspector

    settings, console = Settings(), Console(highlight=False, soft_wrap=True)
    inspector = SiteInspector(settings, _site(settings))
    with open_instance(settings) as instance:
        evidence = inspector.search(Path(instance.root_directory))
    for one in evidence.findings:
        console.print(f"FOUND {one.kind} ({one.confidence:.0%}): {one.file}, {one.place}")
    for one in evidence.unread:
        console.print(f"UNREAD {one.kind}: {one.file}, {one.place}")
    size = f"{evidence.files} files, {evidence.bytes / 1e6:.1f} MB in {evidence.seconds:.0f} s"
    console.print(f"{size}: {len(evidence.findings)} found, {len(evidence.unread)} unread")
    if not evidence.passed:
        raise click.ClickException("the search did not pass")


@command.command("verify", short_help="Say whether the records of the privacy report are whole.")
@click.option("--head", help="A hash that was noted earlier; it must still be in the chain.")
def verify(head: str | None) -> None:
    """Say whether the records of the privacy report are whole, and where not.

    Each record holds the hash of the one before, so one that was changed or taken out is found by
    those after it. Who may write this disk can drop the last ones or write all of them anew: note
    the hash that is printed where they cannot, and give it as --head later. What Dagster's event
    log has noted is compared in any case.
    """
    from assets.plan import SitePlan
    from assets.privacy_report import noted as noted_by_dagster
    from footfall_dagster.instance import open_instance
    from footfall_dagster.resources import records

    settings, console = Settings(), Console(highlight=False, soft_wrap=True)
    site = _site(settings)
    noted = [(0, _digest(head))] if head else []
    with open_instance(settings) as instance:
        noted.extend(noted_by_dagster(instance, SitePlan(site)))
    verdict = records(settings, site).chain.verify(noted)
    for one in verdict.breaks:
        console.print(f"BROKEN at {one}")
    if verdict.head is not None:
        last = verdict.head
        console.print(f"{verdict.records} records, the last of {last.day}, number {last.number}")
        console.print(f"head {last.seal}")
    if verdict.breaks:
        raise click.ClickException(f"the chain of {site.id} does not hold")
    console.print(
        f"{len(noted)} hashes noted elsewhere are all in it"
        if verdict.head
        else f"{site.id} has no record yet"
    )


def _digest(text: str) -> str:
    """A hash as a person may have noted it: in groups, in capitals."""
    digest = "".join(text.split()).lower()
    if not SEAL_DIGITS <= len(digest) <= 64 or not set(digest) <= set("0123456789abcdef"):
        raise click.BadParameter(
            f"a noted hash is {SEAL_DIGITS} to 64 hexadecimal digits", param_hint="--head"
        )
    return digest


@command.command("purge", short_help="Delete what is past its retention.")
@click.option("--prove", is_flag=True, help="Look everywhere for what was deleted, now and before.")
def purge(prove: bool) -> None:
    """Delete what is past its retention, as the purge job does every hour.

    What goes when is in privacy.retention of site.yaml; each deletion leaves a receipt without
    content. It may be stopped at any moment and run again. With --prove, nothing else is
    deleted, everything below FOOTFALL_HOME, FOOTFALL_STORE and DAGSTER_HOME is looked at, and a
    leftover fails.
    """
    import datetime as dt

    from assets.plan import SitePlan
    from footfall_dagster.day import why_failed
    from footfall_dagster.forgetting import JOB, Forgetting, held_by_runs, run
    from footfall_dagster.instance import open_instance
    from footfall_dagster.privacy.inspection import searched
    from footfall_dagster.privacy.rescan import rescan

    settings, console = Settings(), Console(highlight=False, soft_wrap=True)
    forgetting = Forgetting(settings, SitePlan(_site(settings)))
    with open_instance(settings) as instance:
        result, lines = run(forgetting, instance)
        for line in lines:
            console.print(line)
        if not result.success:
            raise click.ClickException("\n".join(why_failed(JOB, result)))
        if not prove:
            return
        now = dt.datetime.now(dt.UTC)
        roots = searched(settings, Path(instance.root_directory))
        found = rescan(
            forgetting.lake, roots, now, held_by_runs(forgetting.plan.site.id, instance, now)
        )
    console.print(f"looked at {found.files} files, {found.bytes} bytes")
    for one in (*found.findings, *found.unread):
        console.print(f"{one.file}  {one.place}: {one.kind}")
    if not found.passed:
        raise click.ClickException("something is left that should be gone")
    console.print("nothing is left of what was deleted")
