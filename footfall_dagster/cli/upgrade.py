"""`footfall upgrade`: move a site into a bucket and DuckLake.

Belongs here: options, what is printed, exit codes. Does not belong here: what is copied
(`footfall_dagster.upgrade`).
"""

from pathlib import Path

import click

from footfall_dagster.settings import Settings

# To click, \b is a paragraph that is not to be wrapped.
_SUCH_AS = """\b
Such as:
  export FOOTFALL_STORE=s3://footfall/centre
  export FOOTFALL_CATALOG=postgresql://footfall@db/footfall
  footfall upgrade --from var
"""


@click.command("upgrade", epilog=_SUCH_AS)
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The store until now: the folder that has lake, warehouse and reports. [default: the "
    "home]",
)
def command(folder: Path | None) -> None:
    """Copy all that is kept of a site to where FOOTFALL_STORE and FOOTFALL_CATALOG say.

    Lake, marts, objections, receipts, pages and privacy records are copied, and each is read again
    at the new place: files by their checksum, marts row for row. Nothing is deleted at the old
    place and nothing is overwritten at the new one, so this may be stopped and run again; run
    after it is done, it verifies and copies nothing. Stop Dagster's daemon first: what is made
    meanwhile at the old place would have to be copied as well.

    Detections and tracks stay behind, as they live for hours, and so does Dagster's own history:
    the new instance begins with an empty one.
    """
    from footfall_dagster.locks import LockTimeoutError
    from footfall_dagster.mart_tables import WarehouseError
    from footfall_dagster.privacy.wall import Refused
    from footfall_dagster.upgrade import UpgradeError, move
    from vision.site.load import load_site
    from vision.site.problems import SiteFileError

    new = Settings()
    old = new.model_copy(update={"store": folder})
    if new.kept == old.kept:
        raise click.UsageError(
            "FOOTFALL_STORE is where everything is already; set it, and FOOTFALL_CATALOG, to where "
            "it is to be"
        )
    try:
        for one in move(old, new, load_site(new.site)):
            rows = f", {one.rows} rows" if one.rows else ""
            click.echo(
                f"{one.part:<24} {one.copied} copied, {one.there} there already{rows}, "
                f"sha256 {one.sha256[:16]}"
            )
    except (UpgradeError, WarehouseError, Refused, LockTimeoutError, SiteFileError) as wrong:
        raise click.ClickException(str(wrong)) from None
    click.echo("All of it is at the new place, and verified.")
