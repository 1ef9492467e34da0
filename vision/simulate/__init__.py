"""A simulated crowd: recordings with the truth beside them, or a day of trajectories.

Belongs here: everything that invents data. Does not belong here: anything that the product needs
on real recordings; no other package imports this one, except the command line and tests.
"""

from vision.simulate.api import (
    DEMO_PEOPLE_PER_MINUTE,
    DENSEST_PEOPLE_PER_MINUTE,
    SimulationSummary,
    simulate,
)

__all__ = [
    "DEMO_PEOPLE_PER_MINUTE",
    "DENSEST_PEOPLE_PER_MINUTE",
    "SimulationSummary",
    "simulate",
]
