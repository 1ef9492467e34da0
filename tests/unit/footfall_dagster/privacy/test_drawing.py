"""Which drawings are plots, and which are something else in the shape of one."""

import base64
import datetime as dt

import polars as pl
import pytest

from assets.metadata import five_minute_plot
from footfall_dagster.privacy.drawing import FEW_COLOURS, is_drawn, is_plot
from tests.unit.small_mall import NOON

SVG = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>{}</svg>"


def markdown(svg: bytes) -> str:
    return f"![plot](data:image/svg+xml;base64,{base64.b64encode(svg).decode()})"


def test_plots_as_the_assets_draw_them_are_plots() -> None:
    times = pl.Series("at", [NOON + dt.timedelta(minutes=3 * n) for n in range(100)])
    crossings = five_minute_plot(times, "Crossings per five minutes, UTC", "crossings")
    assert crossings is not None
    assert is_plot(crossings.md_str or "")


def test_a_rectangle_is_drawn() -> None:
    assert is_plot(markdown(SVG.format("<rect x='1' y='1' width='2' height='2'/>").encode()))


@pytest.mark.parametrize(
    "inside",
    [
        "<image href='data:image/png;base64,AAAA'/>",
        "<script>1</script>",
        "<!-- a comment -->",
        "<foreignObject/>",
        "<rect data-v='0.1'/>",
        "<desc>" + "0.25 " * 40 + "</desc>",
        "<text>" + "ab12" * 20 + "</text>",
        "<path d='M 0.123456789012 1'/>",
        "<rect/>trailing words",
        "<rect id='" + "x" * 200 + "'/>",
        "<g>" + " " * 300 + "</g>",
    ],
    ids=lambda inside: inside[:24],
)
def test_more_than_shapes_and_labels_is_no_plot(inside: str) -> None:
    assert not is_drawn(SVG.format(inside).encode(), colours=FEW_COLOURS)


@pytest.mark.parametrize("element", ["<rect x='{}' y='1'/>", "<text x='1' y='1'>{}</text>"])
def test_many_rectangles_or_labels_are_no_plot(element: str) -> None:
    drawn = "".join(element.format(number) for number in range(100))
    assert not is_drawn(SVG.format(drawn).encode(), colours=FEW_COLOURS)


def test_many_colours_are_a_picture() -> None:
    pixels = "".join(f"<path d='M 0 0' style='fill: #{n:06x}'/>" for n in range(100))
    assert not is_drawn(SVG.format(pixels).encode(), colours=FEW_COLOURS)
    assert is_drawn(SVG.format(pixels).encode(), colours=200)


def test_bits_beside_the_base64_are_no_plot() -> None:
    plot = markdown(SVG.format("").encode() + b"\n")
    assert is_plot(plot)
    assert not is_plot(plot + " ")
    assert not is_plot(plot.replace("![plot]", "![" + "a" * 100 + "]"))
