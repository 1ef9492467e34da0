"""What a site keeps to for the sake of the people in its recordings.

Belongs here: the fields below `privacy` of site.yaml. Does not belong here: those of them that have
a module of their own (`vision.site.release`, `vision.site.retention`).
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from vision.contracts import FEWEST_GUESSED, GUESSED_STEP
from vision.site.entry import Entry
from vision.site.release import FEWEST, Release
from vision.site.retention import Retention


def _in_steps(k: int) -> int:
    if k % GUESSED_STEP:
        raise ValueError(
            f"{k} is no multiple of {GUESSED_STEP}, to which figures are rounded down; write "
            f"{k // GUESSED_STEP * GUESSED_STEP + GUESSED_STEP}"
        )
    return k


class AgeGender(Entry):
    """Age and gender guessed from faces: off where it is absent, and we advise to leave it so.

    `k` is the fewest people of which a figure may tell. A face whose shorter side has fewer than
    `smallest_face_px` pixels of the frame is not guessed at.
    """

    k: Annotated[int, Field(ge=FEWEST_GUESSED, le=10_000), AfterValidator(_in_steps)] = (
        FEWEST_GUESSED
    )
    smallest_face_px: Annotated[int, Field(ge=62, le=1000)] = 62


class OptOutTag(Entry):
    """The tag by which somebody asks to be left out: looked for where it is given.

    It is a marker of an ArUco dictionary. Everybody wears the same `id`, so that it tells nobody
    apart. `side_m` is the side of its black square, as it is printed.
    """

    dictionary: Literal["4x4_50", "5x5_50", "6x6_50"] = "4x4_50"
    id: Annotated[int, Field(ge=0, le=49)] = 0
    side_m: Annotated[float, Field(ge=0.03, le=1, allow_inf_nan=False)] = 0.15


class Objections(Entry):
    """How objections are carried out, and what it costs the published figures.

    As soon as `batch` of them wait, or one has waited `longest_wait_days`, all that wait are
    carried out together. Of every day to which somebody objected, or with `week` of every day of
    its week, from Monday, nothing is published any more.
    """

    batch: Annotated[int, Field(ge=1, le=1000)] = 5
    longest_wait_days: Annotated[int, Field(ge=0, le=21)] = 3
    withdraw: Literal["week", "day"] = "week"


class Privacy(Entry):
    """What may be published, how long personal data lives, what is looked at besides boxes.

    `k` is the fewest people of whom a published figure may tell, `release` how each mart is made
    to keep to it.

    `appearance` says whether tracking may compare people's clothes, and where the vectors lie until
    it is done: in memory, or in a vault on disk whose key is in memory only. Whoever wears
    `opt_out_tag` is left out before anything is stored.
    """

    k: Annotated[int, Field(ge=FEWEST, le=1000)] = 10
    release: Release = Release()
    retention: Retention = Retention()
    appearance: Literal["off", "memory", "vault"] = "off"
    age_gender: AgeGender | None = None
    opt_out_tag: OptOutTag | None = None
    objections: Objections = Objections()

    @model_validator(mode="after")
    def _nothing_sealed_of_who_opts_out(self) -> "Privacy":
        if self.opt_out_tag is not None and self.appearance == "vault":
            raise ValueError(
                "a vault lies on disk before anybody knows who wears the opt-out tag; set "
                "appearance to memory, or leave opt_out_tag out"
            )
        return self
