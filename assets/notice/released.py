"""How figures may be handed on, in words: one sentence for each way of the release policy.

Belongs here: words for what the site file asks of the release. Does not belong here: the policy
and its defaults (`assets.release.policy`), releasing anything.
"""

from collections.abc import Iterator, Mapping

from assets.marts.contracts import MARTS
from assets.release.policy import chosen
from vision.site.privacy import Privacy
from vision.site.release import Way


def released(privacy: Privacy) -> Iterator[str]:
    """What is done to figures before they are handed on, for each way that a mart is released."""
    asked, noise = privacy.release, privacy.release.noise
    # What is rounded is blanked first, so this is always so.
    yield (
        f"Figures of fewer than {privacy.k} people are left out, and as many more as it takes that "
        "none of these can be worked out from what else is handed on of the day."
    )
    if rounded := _released(asked.marts, "rounded"):
        yield f"Of {rounded} what is left is rounded to {asked.step or privacy.k}."
    if noisy := _released(asked.marts, "noisy"):
        yield (
            f"From {noisy} nothing is left out. Chance is added to each figure instead: "
            f"differential privacy with epsilon {noise.epsilon:g} a time, and {noise.budget:g} for "
            f"all times of a day, if nobody is stored as more than {noise.pieces_per_person} "
            f"paths. Each path counts in {noise.cells_per_person} places and hours at most."
        )
    if withheld := _released(asked.marts, "withheld"):
        yield f"Not handed on: {withheld}."


def _released(asked: Mapping[str, Way], way: Way) -> str:
    names = (one for one in MARTS if chosen(asked, one) == way)
    return ", ".join(name.replace("_", " ") for name in names)
