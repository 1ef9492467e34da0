"""Putting a report together: templates, and how figures are written.

Belongs here: words for counts, shares, times and lengths. Does not belong here: which figures a
page has (`assets.reports.day`, `public`, `week`), the templates themselves.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from assets.marts.schema import MartContract
from assets.reports.definitions import Definitions, sentence
from assets.reports.told import Told
from assets.templates import templates
from vision.site.models import Site

_WORDS = {
    "unobserved": "not observed",
    "suppressed": "suppressed",
    "nobody": "–",
    "missing": "no figures",
    "changed": "not added up",
}
"""Where there is no figure."""
_SPACE, _MINUS = "\N{NARROW NO-BREAK SPACE}", "\N{MINUS SIGN}"


def rendered(
    template: str, site: Site, marts: Mapping[str, MartContract], page: Mapping[str, Any]
) -> str:
    """Write a page.

    Args:
        template: Its name.
        site: Whose page it is.
        marts: Contracts of the marts that it tells of, by name: exact ones or released ones.
        page: What the template asks for.

    Returns:
        HTML without script, style sheet or picture from anywhere else; the same for the same page.
    """
    environment = templates("assets.reports")
    zone = site.zone_info
    definitions = Definitions(marts)
    environment.filters |= {
        "clock": lambda instant: instant.astimezone(zone).strftime("%H:%M"),
        "count": count,
        "figure": figure,
        "share": share,
        "change": change,
        "tenth": tenth,
        "duration": duration,
        "brief": brief,
        "words": lambda name: name.replace("_", " "),
        "way": lambda path: path.replace("_", " ").replace(">", "→"),
        "sentence": sentence,
        "weekday": weekday,
        "date": lambda day: f"{day:%A}, {day.day} {day:%B %Y}",
    }
    environment.globals |= {
        "define": definitions.column,
        "define_mart": definitions.mart,
        "definitions": definitions,
        "writers": {
            "count": count,
            "share": share,
            "duration": duration,
            "tenth": tenth,
            "change": change,
            "minutes": lambda seconds: count(seconds / 60),
        },
    }
    return environment.get_template(template).render(site=site.file, **page)


def figure(told: Told, write: Callable[[float], str] | None = None) -> str:
    """A figure in words: a bound is said to be one, and what is not known why."""
    if told.value is None:
        return _WORDS[told.state]
    text = (write or count)(told.value)
    return f"≥{_SPACE}{text}" if told.state == "at_least" else text


def count(value: float) -> str:
    """A number of people, in groups of three digits."""
    return f"{value:,.0f}".replace(",", _SPACE).replace("-", _MINUS)


def tenth(value: float) -> str:
    """A number with one decimal."""
    return f"{value:,.1f}".replace(",", _SPACE).replace("-", _MINUS)


def share(value: float) -> str:
    """A part of something."""
    if 0 < value < 0.001:
        return "under 0.1 %"
    return f"{100 * value:.1f} %" if 0 < value < 0.1 or 0.99 < value < 1 else f"{100 * value:.0f} %"


def change(value: float) -> str:
    """By how much more or less something was."""
    sign = "+" if value > 0 else _MINUS if value < 0 else "±"
    return f"{sign}{abs(100 * value):.0f} %"


def duration(seconds: float | None) -> str:
    """A length of time."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def brief(seconds: int) -> str:
    """A length of time that is whole seconds or whole minutes."""
    return f"{seconds // 60} min" if seconds and seconds % 60 == 0 else f"{seconds} s"


def weekday(day: dt.date) -> str:
    """The short name of a day of the week, with its number in the month."""
    return f"{day:%a} {day.day}"
