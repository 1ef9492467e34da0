"""A site's notice: issuing it into the site's folder, and whether it still says what is done.

Belongs here: the files of a notice, their hashes, and what is wrong with them. Does not belong
here: what a notice says (`assets.notice`), that runs fail by it (`assets.plan`).

A notice in force is the folder `notice` of the site's: the documents, and `notice.json`, which has
what they state, field by field, and a hash of each document and of itself. The hashes find what was
edited by hand; they are no signature, and whoever means to forge a notice can.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from assets import graph
from assets.notice.documents import DOCUMENTS, documents
from assets.notice.stated import Change, changes, states
from assets.notice.told import Told
from assets.plan import SitePlan
from footfall_dagster.weights import FALLBACK, PREFERRED
from vision.site.load import load_site
from vision.site.models import Site

FOLDER, STATEMENT = "notice", "notice.json"
_SEAL = "seal"
_NONE = "there is no public notice"
_MOST_TOLD = 8
"""Differences told in one message; more are counted."""


class NoticeInvalid(Exception):  # noqa: N818 - says what it is
    """There is no notice, or its files are damaged or edited; the message says which."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A notice as it was issued.

    Attributes:
        on: From which day it is in force.
        states: What it states, by source and field.
    """

    on: dt.date
    states: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class SiteNotice:
    """The notice of one site: see `assets.plan.Notice`.

    Attributes:
        directory: The site's, with site.yaml.
        site: As it is configured now.
    """

    directory: Path
    site: Site

    @classmethod
    def of(cls, directory: Path) -> "SiteNotice":
        """The notice of the site in `directory`.

        Raises:
            vision.site.load.SiteFileError: The site's files are wrong.
        """
        return cls(directory, load_site(directory))

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.directory / FOLDER

    @cached_property
    def states_now(self) -> Mapping[str, Mapping[str, Any]]:
        """What it would have to state now."""
        return states(self.site, self._graph)

    @cached_property
    def _graph(self) -> tuple[graph.Step, ...]:
        return graph.steps(SitePlan(self.site))

    def _told(self, on: dt.date) -> Told:
        return Told(self.site, self._graph, on, (PREFERRED, FALLBACK))

    def draft(self, on: dt.date) -> dict[str, str]:
        """The documents as they would be issued on a day, by name."""
        return documents(self._told(on))

    def is_as_drafted(self, on: dt.date) -> bool:
        """Whether the documents that lie there are, to the byte, those that `on` would give."""
        made = self.draft(on)
        return all(self._hash_of(name) == _hash(text.encode()) for name, text in made.items())

    def missing(self) -> tuple[tuple[str, str], ...]:
        """What the law asks for and site.yaml does not say; see `Told.missing`."""
        return self._told(self.site.file.opens).missing

    def in_force(self) -> Issued:
        """Read the notice in force; every byte of it is as it was issued.

        Raises:
            NoticeInvalid: There is none, or it is not as it was issued.
        """
        told = self._statement()
        broken = [name for name in DOCUMENTS if self._hash_of(name) != told["files"].get(name)]
        if broken:
            what = ", ".join(
                f"{name} is {'changed' if (self.folder / name).exists() else 'gone'}"
                for name in broken
            )
            raise NoticeInvalid(
                f"the notice in force was edited after it was issued: {what}. Words of yours "
                "belong into site.yaml, below notice"
            )
        return Issued(dt.date.fromisoformat(told["issued"]), told["states"])

    def changes(self) -> list[Change]:
        """Every field in which the configuration is no longer what the notice in force says.

        Raises:
            NoticeInvalid: As `in_force`.
        """
        return changes(self.in_force().states, self.states_now)

    def absence(self) -> str | None:
        """That no notice was ever issued, and what to do; None where there is one."""
        if self.folder.exists():
            return None
        return f"{self.site.id}: {_NONE}, so nobody is told what is done. {self._remedy}"

    def trouble(self) -> str | None:
        """Why no run may go on, and what to do; None where no notice says what is not so."""
        if self.absence():
            return None
        try:
            found = self.changes()
        except NoticeInvalid as invalid:
            return f"{self.site.id}: {invalid}. {self._remedy}"
        if not found:
            return None
        told = [str(one) for one in found[:_MOST_TOLD]]
        if len(found) > _MOST_TOLD:
            told.append(f"and {len(found) - _MOST_TOLD} more fields")
        return (
            f"{self.site.id}: the public notice in force is not what is configured. "
            f"{'; '.join(told)}. Take the change back, or renew the notice. {self._remedy}"
        )

    def issue(self, on: dt.date) -> None:
        """Write the notice that is in force from `on`, in place of the one before.

        May be stopped at any moment and done again: until the last file is written, what lies
        there is told to be edited.

        Raises:
            OSError: The folder cannot be written.
        """
        made = self.draft(on)
        statement = {
            "about": "Written by `footfall notice issue`, and compared by every run with what is "
            "configured. Not to be edited.",
            "site": self.site.id,
            "issued": on.isoformat(),
            "states": self.states_now,
            "files": {name: _hash(text.encode()) for name, text in made.items()},
        }
        statement[_SEAL] = _seal(statement)
        made[STATEMENT] = json.dumps(statement, indent=1, ensure_ascii=False) + "\n"
        self.folder.mkdir(exist_ok=True)
        for name, text in made.items():
            (self.folder / name).write_text(text, encoding="utf-8", newline="\n")

    @property
    def _remedy(self) -> str:
        return (
            f"`footfall notice draft {self.directory}` shows what it would say, `footfall notice "
            f"issue {self.directory}` puts it in force; then put up the new sign and page"
        )

    def _statement(self) -> dict[str, Any]:
        path = self.folder / STATEMENT
        if not self.folder.exists():
            raise NoticeInvalid(_NONE)
        try:
            told = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise NoticeInvalid(f"the public notice has no {STATEMENT}") from None
        except OSError as error:
            raise NoticeInvalid(f"{FOLDER}/{STATEMENT} cannot be read ({error.strerror})") from None
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict) or told.get(_SEAL) != _seal(told):
            raise NoticeInvalid(
                f"the notice in force was edited after it was issued: {STATEMENT} is changed"
            )
        if told["site"] != self.site.id:
            raise NoticeInvalid(f"the public notice is of another site, {told['site']}")
        return told

    def _hash_of(self, name: str) -> str | None:
        try:
            return _hash((self.folder / name).read_bytes())
        except OSError:
            return None


def _seal(statement: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in statement.items() if name != _SEAL}
    return _hash(json.dumps(rest, sort_keys=True).encode())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
