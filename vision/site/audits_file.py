"""Adding counts by eye to audits.yaml without touching what somebody wrote there.

Belongs here: the text of the file, and how it is replaced. Does not belong here: what its entries
mean (`vision.site.audits`), the rules that they obey (`vision.site.rules`).
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from vision.site.audits import Audit
from vision.site.load import load_site
from vision.site.problems import AUDITS_YAML, CAMERAS_YAML, SITE_YAML, SiteFileError

_FIELD = "audits"
_NEW = f"# Counts by eye, with which those of gates are compared.\n{_FIELD}:\n"


class CannotAdd(ValueError):  # noqa: N818 - says what it is
    """The counts cannot be added to audits.yaml as it is; the message says what to do."""


def add(directory: Path, audits: Sequence[Audit]) -> int:
    """Add counts to audits.yaml of a site directory; whatever stands there stays as it is.

    The file is replaced whole or not at all. A count that is there already is not added again.

    Returns:
        How many were added.

    Raises:
        CannotAdd: The file is written in a way that another entry cannot be put into safely, or
            the site's rules forbid one; nothing was changed.
        vision.site.load.SiteFileError: The site is wrong as it is.
        OSError: The file cannot be read or written.
    """
    before = load_site(directory).audits
    new = [one for one in dict.fromkeys(audits) if one not in before]
    if not new:
        return 0
    path = directory / AUDITS_YAML
    text = path.read_bytes().decode("utf-8") if path.exists() else _NEW
    changed = _with(text, new)
    _refuse_other_counts(directory, changed, (*before, *new))
    _place(path, changed)
    return len(new)


def entry(audit: Audit) -> str:
    """A count as it is written into the file, on one line."""
    return (
        f"{{gate: {audit.gate}, starts: {audit.starts:%Y-%m-%d %H:%M:%S}, "
        f"minutes: {audit.minutes}, entries: {audit.entries}, exits: {audit.exits}}}"
    )


def _with(text: str, audits: Sequence[Audit]) -> str:
    """The text with entries at the end of its list."""
    end = "\r\n" if "\r\n" in text else "\n"
    if not text.endswith("\n"):
        text += end
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    fields = root.value if isinstance(root, yaml.MappingNode) else ()
    listed = next((value for key, value in fields if key.value == _FIELD), None)
    indent = "  "
    if isinstance(listed, yaml.SequenceNode) and not listed.flow_style:
        indent = " " * listed.start_mark.column
    elif isinstance(listed, yaml.SequenceNode) and not listed.value:
        before, after = text[: listed.start_mark.index], text[listed.end_mark.index :]
        text = before.rstrip() + (after if after.strip() else end)
    # The list is all that the file may hold: what comes last in the file comes last in it.
    return text + _lines(audits, indent, end)


def _lines(audits: Sequence[Audit], indent: str, end: str) -> str:
    return "".join(f"{indent}- {entry(one)}{end}" for one in audits)


def _refuse_other_counts(directory: Path, text: str, wanted: Sequence[Audit]) -> None:
    """Raise `CannotAdd` unless the site holds exactly these counts with a file of this text."""
    with tempfile.TemporaryDirectory() as trial:
        for name in (SITE_YAML, CAMERAS_YAML):
            (Path(trial) / name).symlink_to((directory / name).resolve())
        (Path(trial) / AUDITS_YAML).write_bytes(text.encode())
        try:
            if load_site(Path(trial)).audits == tuple(wanted):
                return
            why = "its list is written in a way to which nothing can be added"
        except SiteFileError as wrong:
            why = str(wrong)
    lines = "\n".join(f"  - {entry(one)}" for one in wanted)
    raise CannotAdd(
        f"{directory / AUDITS_YAML} was left as it is; with the new counts it would not hold:\n"
        f"{why}\nIf that is not about a count, write the list of the file anew, with all "
        f"entries:\n{_FIELD}:\n{lines}"
    )


def _place(path: Path, text: str) -> None:
    target = path.resolve()
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
