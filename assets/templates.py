"""The one way in which pages are made from templates.

Belongs here: how templates are read and escaped. Does not belong here: any template or page, the
filters that a page brings (`assets.reports.page`, `assets.privacy_report`, `assets.notice`).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def templates(
    package: str, folder: str = ".", *, keep_trailing_newline: bool = False
) -> "Environment":
    """An environment for the templates in a folder of a package.

    What is put into a page is escaped, and a name that a page does not know is an error.

    Args:
        package: Such as `assets.reports`.
        folder: Below it.
        keep_trailing_newline: Whether a page ends with the newline that its template ends with.
    """
    # Only now, so that loading the definitions does not import it.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(package, folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=keep_trailing_newline,
    )
