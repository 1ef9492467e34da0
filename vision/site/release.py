"""How each mart of a site is released.

Belongs here: the fields below `privacy.release` of site.yaml. Does not belong here: which marts
there are and how each is released by default (`assets.release.policy`), or releasing anything.
"""

from typing import Annotated, Literal

from pydantic import Field

from vision.site.entry import Entry

FEWEST = 3
"""The policy's floor for k: of two people, each can take themselves off and has the other."""

Way = Literal["suppressed", "rounded", "noisy", "withheld"]
"""`suppressed` blanks figures of fewer than k people, and others from which they could be worked
out; `rounded` does so and rounds what is left; `noisy` adds noise that hides each person-day;
`withheld` releases no row."""


class Noise(Entry):
    """Differential privacy of the marts that are `noisy`; the unit is one person on one day.

    Attributes:
        epsilon: What one release of one mart of a day costs a person at most.
        budget: What all releases of a day may cost a person together.
        cells_per_person: In so many cells of a mart a person counts at most; more are left out.
        pieces_per_person: As how many trajectories a person may be stored at most, because tracks
            break. Whoever is in more pieces is protected less, by as much.
    """

    epsilon: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 1.0
    budget: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 3.0
    cells_per_person: Annotated[int, Field(ge=1, le=100)] = 6
    pieces_per_person: Annotated[int, Field(ge=1, le=20)] = 2


class Release(Entry):
    """What leaves the house, and how.

    Attributes:
        marts: By name of the mart; what is not named is released as the policy has it by default.
        step: What figures of `rounded` marts are rounded to; k where it is not given.
        noise: Of `noisy` marts.
    """

    marts: dict[str, Way] = Field(default_factory=dict)
    step: Annotated[int, Field(ge=2, le=1000)] | None = None
    noise: Noise = Noise()
