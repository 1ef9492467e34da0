"""Files that come with the code and are no code: in the repository, or in an installed package.

Belongs here: where they are. Does not belong here: what they say.
"""

from pathlib import Path

_CODE = Path(__file__).resolve().parent
_IS_REPOSITORY = (_CODE.parent / "pyproject.toml").is_file()

BESIDE = _CODE.parent if _IS_REPOSITORY else Path.cwd()
"""Where examples/ and var/ lie unless settings say otherwise: an installed package has neither, so
they are looked for where one is."""


def shipped(name: str) -> Path:
    """A file that pyproject.toml puts into the package as well, by its name in the repository."""
    return (_CODE.parent if _IS_REPOSITORY else _CODE / "files") / name
