"""A point on a person's way.

Belongs here: what it means to stop somewhere. Does not belong here: who stops where
(`vision.simulate.itinerary`).
"""

from dataclasses import dataclass

from numpy.random import Generator

from vision.simulate.geometry import Floats


@dataclass(frozen=True, slots=True)
class Stop:
    """A point on a person's way.

    Attributes:
        point: Metres.
        wait: Seconds to stand there.
        through: The walk to this point passes a gate: straight, at an even pace, giving way to
            nobody, so that one crossing is one crossing.
        until: Seconds after the start of the simulation before which nobody goes on from here.
        line: The queue zone, where the stop is made in its line.
    """

    point: Floats
    wait: float = 0.0
    through: bool = False
    until: float = 0.0
    line: str = ""

    @property
    def stands(self) -> bool:
        """Whether somebody may have to stand here."""
        return self.wait > 0 or self.until > 0


def jittered(rng: Generator, point: Floats, radius: float) -> Floats:
    """`point`, moved by up to `radius` along each axis."""
    result: Floats = point + rng.uniform(-radius, radius, 2)
    return result
