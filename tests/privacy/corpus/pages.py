"""Leaks in the report.

Belongs here: data URIs, drawings that are pictures, what a page hides from its reader. Does not
belong here: other files beside the page.
"""

import base64
from collections.abc import Callable
from urllib.parse import quote

from footfall_dagster.privacy.wall import Refused
from footfall_dagster.resources import report_store
from tests.privacy.corpus import content
from tests.privacy.corpus.places import DAY, vouch
from tests.privacy.corpus.plants import Door, plant
from tests.privacy.finished_home import Home

Make = Callable[[], str]


def _refused_by_store(make: Make) -> Door:
    """Whether the store of pages refuses to keep the page with `make()` in it."""

    def door(home: Home) -> bool:
        page = home.page(DAY).read_text().replace("</body>", f"{make()}</body>")
        try:
            report_store(home.settings, home.site).write(DAY, page)
        except Refused:
            return True
        return False

    return door


def _insert(home: Home, text: str) -> None:
    page = home.page(DAY)
    page.write_text(page.read_text().replace("</body>", f"{text}</body>"))
    vouch(page)


def _image() -> str:
    text = base64.b64encode(content.picture(content.face(), "JPEG")).decode()
    return f'<img alt="map" src="data:image/jpeg;base64,{text}">'


@plant("HTML data URI", "report", _refused_by_store(_image))
def a_face_as_a_data_uri_in_the_report(home: Home) -> None:
    _insert(home, _image())


def _style() -> str:
    text = base64.b64encode(content.picture(content.body(), "PNG")).decode()
    return f"<style>.legend {{ background: url('data:;base64,{text}') }}</style>"


@plant("HTML data URI", "report", _refused_by_store(_style))
def a_body_as_a_data_uri_in_a_style(home: Home) -> None:
    _insert(home, _style())


def _nested() -> str:
    text = base64.b64encode(content.picture(content.profile(), "WEBP")).decode()
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg"><image width="96" height="112" '
        f'href="data:image/webp;base64,{text}"/></svg>'
    )
    return f'<img alt="plan" src="data:image/svg+xml,{quote(drawn)}">'


@plant("HTML data URI", "report", _refused_by_store(_nested))
def a_face_in_a_drawing_in_a_data_uri(home: Home) -> None:
    _insert(home, _nested())


def _mosaic() -> str:
    image = content.pixels(content.face(48, 56))
    cells = "".join(
        f'<rect x="{x}" y="{y}" width="1" height="1" fill="#{r:02x}{g:02x}{b:02x}"/>'
        for y, row in enumerate(image)
        for x, (r, g, b) in enumerate(row)
    )
    return f'<svg viewBox="0 0 48 56">{cells}</svg>'


@plant("drawn picture", "report", _refused_by_store(_mosaic))
def a_face_as_a_mosaic_of_rectangles(home: Home) -> None:
    _insert(home, _mosaic())


def _bars() -> str:
    points = " ".join(
        f"{n},{100 * value:.4f}" for n, value in enumerate(content.embedding(256).tolist())
    )
    return f'<svg viewBox="0 0 256 100"><polyline points="{points}"/></svg>'


@plant("drawn picture", "report", _refused_by_store(_bars))
def a_vector_as_the_points_of_a_line(home: Home) -> None:
    _insert(home, _bars())


def _comment() -> str:
    return f"<!-- {content.embedding(256).tobytes().hex()} -->"


@plant("hex text", "report", _refused_by_store(_comment))
def a_vector_in_a_comment_of_the_page(home: Home) -> None:
    _insert(home, _comment())


def _script() -> str:
    values = content.pixels(content.face(32, 32).convert("L")).ravel().tolist()
    return f"<script>const levels = {values};</script>"


@plant("raw pixels", "report", _refused_by_store(_script))
def pixels_as_numbers_in_a_script(home: Home) -> None:
    _insert(home, _script())


def _invisible() -> str:
    bits = "".join(f"{byte:08b}" for byte in content.quantised(content.embedding(256)).tobytes())
    return "<p>" + "".join("\u200b" if bit == "0" else "\u200c" for bit in bits) + "</p>"


@plant("base64 text", "report", _refused_by_store(_invisible))
def a_vector_in_characters_without_width(home: Home) -> None:
    _insert(home, _invisible())


def _table() -> str:
    vectors = [content.embedding(128, seed).tolist() for seed in range(3)]
    lines = "".join(
        "<tr>" + "".join(f"<td>{value:.4f}</td>" for value in vector) + "</tr>"
        for vector in vectors
    )
    return f"<table><caption>Shares by cell</caption>{lines}</table>"


@plant("long format", "report", _refused_by_store(_table))
def vectors_as_a_table_of_the_page(home: Home) -> None:
    _insert(home, _table())


def _shadows() -> str:
    image = content.pixels(content.face(32, 40))
    cells = ",".join(
        f"{x}px {y}px #{r:02x}{g:02x}{b:02x}"
        for y, row in enumerate(image)
        for x, (r, g, b) in enumerate(row)
    )
    return f"<style>.k-part {{ box-shadow: {cells} }}</style>"


@plant("drawn picture", "report", _refused_by_store(_shadows))
def a_face_as_the_shadows_of_a_point(home: Home) -> None:
    _insert(home, _shadows())


def _heights() -> str:
    bars = "".join(
        f'<rect x="{n}" y="0" width="1" height="{100 * abs(value):.3f}"/>'
        for n, value in enumerate(content.embedding().tolist())
    )
    return f'<svg viewBox="0 0 128 100">{bars}</svg>'


@plant("drawn picture", "report")
def a_vector_as_the_heights_of_bars(home: Home) -> None:
    _insert(home, _heights())


def _classes() -> str:
    packed = content.half(content.embedding()).tobytes()
    return "".join(f'<p class="c{packed[n : n + 8].hex()}">ok</p>' for n in range(0, 256, 8))


@plant("hex text", "report", _refused_by_store(_classes))
def a_vector_in_the_names_of_classes(home: Home) -> None:
    _insert(home, _classes())


def _links() -> str:
    text = base64.urlsafe_b64encode(content.embedding().tobytes()).decode()
    return "".join(f'<a href="?q={text[n : n + 16]}">more</a>' for n in range(0, 672, 16))


@plant("base64 text", "report", _refused_by_store(_links))
def a_vector_in_pieces_over_links(home: Home) -> None:
    _insert(home, _links())
