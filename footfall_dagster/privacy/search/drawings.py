"""Drawings in SVG: plots of counts, told from pictures and vectors that are drawn.

Belongs here: coordinates and colours of shapes. Does not belong here: pictures embedded in a
drawing, which are found as encoded text (`text`).

A plot's coordinates are counts on an axis: whole multiples of one step. A picture drawn in cells
has hundreds of colours that change little from cell to cell and lie on no colour map.
"""

import re
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from footfall_dagster.privacy.search.account import Account
from footfall_dagster.privacy.search.numbers import VECTOR, is_stepped, judge

DRAWN = "drawn picture"
# Each begins with a set of characters, which is what a search for it is quick by.
_PATH = re.compile(
    rb"""[dpvts](?:(?<=s)troke-dasharray"""
    rb"""|(?<!\w.)(?:(?<=d)|(?<=p)oints|(?<=v)alues|(?<=t)ransform))"""
    rb"""\s*=\s*(?:"([^"]*)"|'([^']*)')""",
    re.DOTALL,
)
_NUMBER = re.compile(rb"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_COLOUR = re.compile(
    rb"#([0-9a-fA-F]{6})\b|#([0-9a-fA-F]{3})\b|rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)"
)
_ELEMENT = re.compile(rb"<(\w+)\s([^<>]{1,2000})>")
_ATTRIBUTE = re.compile(
    rb"""([xycrwhdof](?<!\w.)(?:(?<=[xy])[12]?|(?<=[crd])[xy]|(?<=r)|(?<=w)idth|(?<=h)eight"""
    rb"""|(?<=o)pacity|(?<=f)ill-opacity))\s*=\s*["']([-+]?\d*\.?\d+)["']""",
    re.DOTALL,
)
_LEAST_CELLS, _LEAST_POINTS = 400, 110


def look(text: bytes, place: str, account: Account) -> bytes:
    """Judge the drawings in a page; returns the page without their paths and positions."""
    rest = _PATH.sub(lambda path: _take_path(path, place, account), text)
    for drawing in rest.split(b"<svg")[1:]:
        attributes: dict[tuple[bytes, bytes], list[float]] = defaultdict(list)
        for element, inside in _ELEMENT.findall(drawing):
            for attribute, value in _ATTRIBUTE.findall(inside):
                attributes[element, attribute].append(float(value))
        for values in attributes.values():
            _judge(np.array(values), f"{place} > positions", account)
    _judge_cells(text, place, account)
    return _ATTRIBUTE.sub(b" ", rest) if b"<svg" in text else rest


def _take_path(path: "re.Match[bytes]", place: str, account: Account) -> bytes:
    drawn = path[1] or path[2] or b""
    # Nor can so few characters be so many numbers.
    if len(drawn) >= 2 * _LEAST_POINTS - 1:
        numbers = np.array([float(one) for one in _NUMBER.findall(drawn)[:200_000]])
        for phase in (0, 1):
            _judge(numbers[phase::2], f"{place} > path", account)
    return b" "


def _judge(values: "NDArray[np.float64]", place: str, account: Account) -> None:
    """A plot has as many points as a day has quarters of an hour, or they follow one another."""
    if values.size < _LEAST_POINTS or len(np.unique(values)) < _LEAST_POINTS:
        return
    steps = values[np.concatenate([[True], np.diff(values) != 0])]
    rough = float((np.diff(steps) ** 2).mean()) / (2 * float(steps.var()))
    if rough <= 0.5:
        return
    verdict = judge(values)
    if (verdict and verdict[0] == VECTOR) or not is_stepped(values):
        account.find(place, VECTOR, 0.5)


def _judge_cells(text: bytes, place: str, account: Account) -> None:
    found = _COLOUR.findall(text)
    if len(found) < _LEAST_CELLS:
        return
    written = bytearray()
    for long, short, *parts in found:
        if long:
            written += long
        elif short:
            written += bytes(digit for one in short for digit in (one, one))
        else:
            written += b"".join(b"%02x" % min(255, int(part)) for part in parts)
    levels = np.frombuffer(bytes.fromhex(written.decode()), dtype=np.uint8)
    cells = levels.reshape(-1, 3).astype(np.float64)
    shades = cells.sum(axis=1)
    spread = float(shades.var())
    distinct = len(np.unique(cells, axis=0))
    if distinct < 60 or spread < 100:
        return
    rough = float((np.diff(shades) ** 2).mean()) / (2 * spread)
    grey = bool((cells.max(axis=1) - cells.min(axis=1) < 8).mean() > 0.9)
    if (grey or distinct > 300) and rough < 0.4:
        account.find(f"{place} > cells", DRAWN, 0.7)
