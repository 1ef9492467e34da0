"""How people move: from stop to stop, turning smoothly, round walls and each other.

Belongs here: the time-stepped motion of a crowd. Does not belong here: where people want to go
(`vision.simulate.itinerary`).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vision.simulate.geometry import Floats
from vision.simulate.itinerary import Person
from vision.simulate.plan import FloorPlan
from vision.simulate.stops import Stop

STEP_S = 0.1
"""Time step of the motion, seconds."""

_TURN_S = 0.35
_PUSH_M_S2 = 2.5
_PUSH_FROM_M = 0.5
_PUSH_FADE_M = 0.2
_BODIES_M = 0.45
"""Nobody's middle comes nearer to anybody else's: shoulders are about so wide."""
_COMPANIONS_FROM_M = 0.3
_BEHIND_M = 0.9
"""Who goes through a gate keeps so much behind somebody in the way."""
_LANE_M = 0.55
"""People who go through a gate and are so far apart across it do not meet."""
_COURTESY_S = 8.0
"""Who waits in front of a gate for others to come through, waits no longer."""
_REACHED_M = 0.35
_REACHED_BEFORE_GATE_M = 0.2
_PATIENCE_S = 4.0
_TURNS = np.array(
    [
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        for angle in np.radians([20, -20, 40, -40, 60, -60, 80, -80, 100, -100, 120, -120])
    ]
)


@dataclass(frozen=True, slots=True)
class Walk:
    """A person's whole path: (n, 2) metres, one row each `STEP_S` from `start` seconds on."""

    person: Person
    start: float
    path: Floats

    @property
    def times(self) -> Floats:
        """Seconds since the start of the simulation, one for each row of the path."""
        return np.asarray(self.start + STEP_S * np.arange(len(self.path)), dtype=np.float64)


@dataclass(slots=True)
class _Walker:
    person: Person
    step: int
    position: Floats
    velocity: Floats
    ahead: list[Stop]
    waited: float = 0.0
    gave_way: float = 0.0
    standing: bool = False
    on_leg: float = 0.0
    leg_limit: float = np.inf
    leg: Floats = field(default_factory=lambda: np.zeros(2))
    path: list[Floats] = field(default_factory=list)


def walk(plan: FloorPlan, people: list[Person], seconds: float) -> list[Walk]:
    """Move `people` over `plan` until `seconds`; those who have left by then are complete."""
    waiting = sorted(people, key=lambda person: (person.arrives, person.number), reverse=True)
    active: list[_Walker] = []
    walks: list[Walk] = []
    for step in range(int(seconds / STEP_S) + 1):
        while waiting and waiting[-1].arrives <= step * STEP_S:
            active.append(_appear(waiting.pop(), step))
        if active:
            _advance(plan, active)
        walks += [_finished(walker) for walker in active if not walker.ahead]
        active = [walker for walker in active if walker.ahead]
    walks += [_finished(walker) for walker in active]
    return sorted(walks, key=lambda walk: walk.person.number)


def _appear(person: Person, step: int) -> _Walker:
    first, *ahead = person.stops
    way = ahead[0].point - first.point
    velocity = person.speed * way / max(float(np.linalg.norm(way)), 1e-9)
    walker = _Walker(person, step, first.point.copy(), velocity, ahead)
    walker.path.append(walker.position.copy())
    _begin_leg(walker)
    return walker


def _finished(walker: _Walker) -> Walk:
    return Walk(walker.person, walker.step * STEP_S, np.array(walker.path))


def _begin_leg(walker: _Walker) -> None:
    walker.standing, walker.waited, walker.on_leg = False, 0.0, 0.0
    if walker.ahead:
        walker.leg = walker.ahead[0].point - walker.position
        length = float(np.linalg.norm(walker.leg))
        walker.leg_limit = 2 * length / walker.person.speed + _PATIENCE_S


def _advance(plan: FloorPlan, active: list[_Walker]) -> None:
    positions = np.array([walker.position for walker in active])
    velocities = np.array([walker.velocity for walker in active])
    wanted = np.array([_wanted(walker) for walker in active])
    firm = np.array([walker.ahead[0].through for walker in active])
    standing = np.array([walker.standing for walker in active])
    wanted *= _unhindered(active, positions)[:, None]
    push = _push(positions, np.array([walker.person.group for walker in active]))
    push[firm | standing] = 0
    velocities = velocities + STEP_S * ((wanted - velocities) / _TURN_S + push)
    velocities += _apart(positions + STEP_S * velocities, firm) / STEP_S
    limit = 1.25 * np.array([walker.person.speed for walker in active])
    pace = np.linalg.norm(velocities, axis=1)
    velocities *= np.minimum(1, limit / np.maximum(pace, 1e-9))[:, None]
    targets = positions + STEP_S * velocities
    targets = np.where(firm[:, None], targets, _slid(plan, positions, targets))
    moved = (targets - positions) / STEP_S
    for walker, position, velocity in zip(active, targets, moved, strict=True):
        walker.position, walker.velocity = position, velocity
        walker.path.append(position.copy())
        _arrive(plan, walker, active)


def _wanted(walker: _Walker) -> Floats:
    if walker.standing:
        return np.zeros(2)
    way = walker.ahead[0].point - walker.position
    distance = float(np.linalg.norm(way))
    pace = walker.person.speed
    if walker.ahead[0].stands:
        pace = min(pace, max(2 * distance, 0.3))
    result: Floats = pace * way / max(distance, 1e-9)
    return result


def _push(positions: Floats, groups: NDArray[np.int_]) -> Floats:
    gaps = positions[:, None] - positions[None]
    distances = np.linalg.norm(gaps, axis=2)
    strength = _PUSH_M_S2 * np.exp((_PUSH_FROM_M - distances) / _PUSH_FADE_M)
    # Companions stay together, side by side.
    close = _PUSH_M_S2 * np.exp((_COMPANIONS_FROM_M - distances) / _PUSH_FADE_M)
    strength = np.where(groups[:, None] == groups[None], close, strength)
    strength[distances > 1.5] = 0
    np.fill_diagonal(strength, 0)
    directions = gaps / np.maximum(distances, 1e-6)[..., None]
    # A little to one's own left, so that two who meet head on pass each other.
    aside = np.stack([-directions[..., 1], directions[..., 0]], axis=-1)
    total: Floats = (strength[..., None] * (directions + 0.4 * aside)).sum(axis=1)
    return np.clip(total, -4, 4)


def _apart(places: Floats, firm: NDArray[np.bool_]) -> Floats:
    """How each has to step aside so that bodies do not overlap; who is in a gate does not."""
    gaps = places[:, None] - places[None]
    distances = np.linalg.norm(gaps, axis=2)
    lacking = np.maximum(_BODIES_M - distances, 0)
    np.fill_diagonal(lacking, 0)
    # Two who could both step aside take half each; of two in a gate neither does.
    share = np.where(firm[:, None], 0.0, np.where(firm[None], 1.0, 0.5))
    order = np.arange(len(places))
    apart = np.where((order[:, None] > order[None])[..., None], [1.0, 0.0], [-1.0, 0.0])
    directions = np.where(
        distances[..., None] > 1e-6, gaps / np.maximum(distances, 1e-6)[..., None], apart
    )
    total: Floats = ((share * lacking)[..., None] * directions).sum(axis=1)
    return total


def _unhindered(active: list[_Walker], positions: Floats) -> Floats:
    """What share of their pace those in a gate can walk behind others in it, (n,), 0..1."""
    share = np.ones(len(active))
    in_gate = [index for index, walker in enumerate(active) if walker.ahead[0].through]
    for index in in_gate:
        along, across = _axes(active[index].leg)
        for other in in_gate:
            if other == index or float(active[other].leg @ along) <= 0:
                continue
            gap = positions[other] - positions[index]
            ahead = float(gap @ along)
            # Of two in the same place the one who came first goes first.
            is_first = ahead > 1e-6 or (ahead > -1e-6 and other < index)
            if is_first and ahead < _BEHIND_M and abs(float(gap @ across)) < _BODIES_M:
                room = (ahead - _BODIES_M) / (_BEHIND_M - _BODIES_M)
                share[index] = min(share[index], max(room, 0.0))
    return share


def _axes(way: Floats) -> tuple[Floats, Floats]:
    """Unit vectors along `way` and across it."""
    along = way / max(float(np.linalg.norm(way)), 1e-9)
    return along, np.array([-along[1], along[0]])


def _slid(plan: FloorPlan, positions: Floats, targets: Floats) -> Floats:
    """Turn steps that would leave the free cells along the wall, by the least angle that does.

    Who is off them already may go on, and who finds no free step stays.
    """
    wrong = plan.may_stand(positions) & ~plan.may_stand(targets)
    if not wrong.any():
        return targets
    result = targets.copy()
    for index in np.flatnonzero(wrong):
        steps = _TURNS @ (targets[index] - positions[index])
        options = np.vstack([positions[index] + steps, positions[index]])
        result[index] = options[int(np.argmax(plan.may_stand(options)))]
    return result


def _gate_is_taken(walker: _Walker, active: list[_Walker]) -> bool:
    """Whether somebody comes the other way, where `walker` is about to go through a gate."""
    way = walker.ahead[1].point - walker.position
    along, across = _axes(way)
    for other in active:
        if other is walker or not other.ahead or not other.ahead[0].through:
            continue
        rest = other.ahead[0].point - other.position
        if float(rest @ along) >= 0:
            continue
        gap = other.position - walker.position
        ahead, beside = float(gap @ along), abs(float(gap @ across))
        if -_BODIES_M < ahead < float(way @ along) + 4 and beside < _LANE_M:
            return True
    return False


def _arrive(plan: FloorPlan, walker: _Walker, active: list[_Walker]) -> None:
    stop = walker.ahead[0]
    walker.on_leg += STEP_S
    if walker.standing:
        walker.waited += STEP_S
        now = STEP_S * (walker.step + len(walker.path) - 1)
        if walker.waited >= stop.wait and now >= stop.until:
            walker.ahead.pop(0)
            _begin_leg(walker)
        return
    before_gate = len(walker.ahead) > 1 and walker.ahead[1].through
    near = _REACHED_BEFORE_GATE_M if before_gate or stop.stands else _REACHED_M
    way = stop.point - walker.position
    close = float(np.linalg.norm(way)) < near
    passed = stop.through and float(way @ walker.leg) <= 0
    if close or passed:
        if stop.stands:
            walker.standing, walker.waited = True, 0.0
        elif before_gate and walker.gave_way < _COURTESY_S and _gate_is_taken(walker, active):
            walker.gave_way += STEP_S
        else:
            walker.ahead.pop(0)
            _begin_leg(walker)
    elif walker.on_leg > walker.leg_limit and not stop.through:
        # Pushed off the way: look for a new one, or take the stop as reached where there is none.
        corners = plan.route(walker.position, stop.point)
        if corners:
            walker.ahead[:0] = [Stop(corner) for corner in corners]
        elif stop.stands:
            walker.standing, walker.waited = True, 0.0
        _begin_leg_again(walker)


def _begin_leg_again(walker: _Walker) -> None:
    standing = walker.standing
    _begin_leg(walker)
    walker.standing = standing
