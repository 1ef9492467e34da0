"""What may be on a report page: the elements of a document, plain text, drawn shapes.

Belongs here: the closed list for HTML that the project writes. Does not belong here: drawings
(`drawing`), writing pages (`footfall_dagster.report_store`).
"""

import re
from html.parser import HTMLParser

from footfall_dagster.privacy.drawing import is_drawn
from footfall_dagster.privacy.text import Together, trouble

_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_ELEMENTS = frozenset(
    (
        "html",
        "head",
        "meta",
        "link",
        "title",
        "style",
        "body",
        "header",
        "main",
        "footer",
        "section",
        "article",
        "nav",
        "div",
        "p",
        "span",
        "strong",
        "em",
        "b",
        "i",
        "small",
        "code",
        "h1",
        "h2",
        "h3",
        "h4",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "figure",
        "figcaption",
        "details",
        "summary",
        "a",
        "br",
        "hr",
        "time",
    )
)
_ATTRIBUTES = frozenset(
    (
        "lang",
        "charset",
        "content",
        "name",
        "http-equiv",
        "rel",
        "href",
        "class",
        "id",
        "style",
        "role",
        "scope",
        "tabindex",
        "title",
        "aria-hidden",
        "aria-label",
        "aria-labelledby",
        "aria-describedby",
        "datetime",
        "open",
        "colspan",
        "rowspan",
    )
)
_NO_ICON = "data:,"
_COLOURS = 400
"""Floor maps are drawn in the shades of one colour map."""
_LONGEST_VALUE = 400
_PAGE_COLOURS = 60
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|(?:rgb|hsl)a?\([^)]{0,60}\)")
_LINK = re.compile(r"[\w./-]{0,120}(?:#[\w-]{0,80})?")


def page_trouble(html: str) -> str | None:
    """What kind of thing a page holds that may not be on it, or None."""
    for drawing in _DRAWING.findall(html):
        if not is_drawn(drawing.encode(), colours=_COLOURS):
            return "drawing with more than shapes and labels"
    page = _Page()
    page.feed(_DRAWING.sub(" ", html))
    page.close()
    return page.found


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: str | None = None
        self._styled = False
        self._together = Together()
        self._colours: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._styled = tag == "style"
        if tag not in _ELEMENTS:
            self.found = self.found or "element that is not on the list"
        for name, value in attrs:
            self._attribute(name, value or "")

    def _attribute(self, name: str, value: str) -> None:
        if name not in _ATTRIBUTES:
            self.found = self.found or "attribute that is not on the list"
        elif value != _NO_ICON and ("base64" in value or len(value) > _LONGEST_VALUE):
            self.found = self.found or "encoded text"
        elif name == "href" and value != _NO_ICON and not _LINK.fullmatch(value):
            self.found = self.found or "link with more than a path"
        elif value != _NO_ICON:
            self._words(value)

    def handle_endtag(self, tag: str) -> None:
        self._styled = self._styled and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._styled:
            self.found = self.found or ("encoded text" if "url(" in data else None)
        self._words(data)

    def _words(self, text: str) -> None:
        """Words of the page or of an attribute, and colours, of which a page has few."""
        self._colours.update(_COLOUR.findall(text))
        if len(self._colours) > _PAGE_COLOURS:
            self.found = self.found or "picture drawn in colours"
        plain = _COLOUR.sub(" ", text)
        self.found = self.found or trouble(plain) or self._together.trouble(plain)

    def handle_comment(self, data: str) -> None:
        del data
        self.found = self.found or "comment"

    def unknown_decl(self, data: str) -> None:
        del data
        self.found = self.found or "declaration"

    def handle_pi(self, data: str) -> None:
        del data
        self.found = self.found or "instruction"
