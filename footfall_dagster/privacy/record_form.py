"""The form of a record of the privacy report: every field and what may stand in it.

Belongs here: the closed list for records. Does not belong here: keeping them
(`footfall_dagster.privacy.chain`), filling them (`assets.privacy_report`).

A record is kept for years and tells of findings, so nothing of what was found may travel in it: its
fields are names, counts, whole seconds and short plain text. What is written is fitted into them;
a file that holds anything else is no record.
"""

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from footfall_dagster.privacy.serialized import withheld
from footfall_dagster.privacy.text import trouble
from vision.site.models import Id

FORMAT = 1
_LONGEST = 400


def _plain(text: str) -> str:
    # A text that may not stand shall not keep a finding from being told.
    kind = trouble(text, longest=_LONGEST)
    return withheld(kind) if kind else text


def _whole_second(at: dt.datetime) -> dt.datetime:
    return at.astimezone(dt.UTC).replace(microsecond=0)


Plain = Annotated[str, AfterValidator(_plain)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Second = Annotated[AwareDatetime, AfterValidator(_whole_second)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1), AfterValidator(lambda share: round(share, 2))]
Seconds = Annotated[float, Field(ge=0, lt=10**6), AfterValidator(lambda length: round(length, 3))]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FindingForm(_Closed):
    """A finding: where, what kind of thing, how sure. Never what it holds."""

    file: Plain
    place: Plain
    kind: Plain
    confidence: Share


class CheckForm(_Closed):
    """A check that was carried out once, or that was wanted and not carried out."""

    check: Plain
    scope: Plain
    at: Second
    seconds: Seconds
    files: Count
    bytes: Count
    rows: Count
    result: Literal["passed", "found", "unread", "not carried out"]
    findings: tuple[FindingForm, ...]
    unread: tuple[FindingForm, ...]
    left_out: Count


class RecordForm(_Closed):
    """A record: its place in the chain, and what was checked on a day."""

    format: Literal[1]
    site: Id
    day: dt.date
    number: Annotated[int, Field(ge=1, le=999_999)]
    previous: Digest
    written_at: Second
    version: Annotated[str, Field(pattern=r"^[\w.+-]{1,40}$")]
    checks: tuple[CheckForm, ...]
