"""Whether a name stays below the folder of recordings.

Belongs here: names and symbolic links that leave it. Does not belong here: finding files
(`vision.exports.folder`), or which names may be stored (`vision.exports.names`).

Whoever may write the folder of recordings could otherwise have any file of this machine read, and
its hash and length stored.
"""

from pathlib import Path, PurePosixPath


def leaves(root: Path, name: str) -> bool:
    """Whether `name`, taken from `root`, may lead out of it: reason `outside_root`.

    It does by being absolute, by a `..`, by a NUL or a backslash that another system would read as
    a separator, or by a component that is a symbolic link to somewhere outside. Links that stay
    inside are followed, and `root` itself may be one.
    """
    if not stays(name):
        return True
    try:
        # Strict: a link to nowhere, or in a circle, leads nowhere that is inside.
        return not (root / name).resolve(strict=True).is_relative_to(root.resolve(strict=True))
    except (OSError, RuntimeError, ValueError):
        return True


def stays(name: str) -> bool:
    """Whether `name` says nothing of leaving; all that can be asked where there are no links."""
    path = PurePosixPath(name)
    return not (path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name)
