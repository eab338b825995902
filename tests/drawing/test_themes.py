"""Light and dark: every text can be read on all that it stands on, and the scale is told apart by lightness alone."""

from __future__ import annotations

import base64
import colorsys
import io
import itertools
import re
import xml.etree.ElementTree as ElementTree

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import draw
from autograd_lite.drawing.theme import DARK, LIGHT, TRAILS
from autograd_lite.engine.ledger import ledger
from tests.drawing.reading import SVG
from tests.drawing.test_browser import browser, page  # noqa: F401  # fixtures

PALETTES = [LIGHT, DARK]
NAMES = ["light", "dark"]
READABLE = 4.5
"""The contrast that WCAG 2.1 asks of text (criterion 1.4.3, level AA)."""


def rgb(colour):
    return [int(colour[k : k + 2], 16) / 255.0 for k in (1, 3, 5)]


def luminance(colour):
    """Relative luminance as WCAG 2.1 defines it."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted([luminance(a), luminance(b)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the standard's well-known near miss


@pytest.mark.parametrize("palette", PALETTES, ids=NAMES)
def test_every_text_is_readable_on_every_colour_behind_it(palette):
    for share in range(101):
        assert contrast(palette.text, palette.shade(share / 100.0)) >= READABLE
        assert contrast(palette.small, palette.shade(share / 100.0)) >= READABLE  # in the legend's swatches
    for text in (palette.text, palette.small, palette.muted):
        assert contrast(text, palette.ground) >= READABLE
    for text in (palette.text, palette.muted):
        assert contrast(text, palette.hatch) >= READABLE


def test_the_number_of_a_path_is_readable_on_its_colour():
    assert all(contrast(stroke.ink, stroke.colour) >= READABLE for stroke in TRAILS)


@pytest.mark.parametrize("palette", PALETTES, ids=NAMES)
def test_lines_are_seen_on_their_ground(palette):
    """Graphics must have a contrast of 3 (WCAG 2.1, 1.4.11)."""
    for line in (palette.frame, palette.line, palette.faint):
        assert contrast(line, palette.ground) >= 3.0


@pytest.mark.parametrize("palette", PALETTES, ids=NAMES)
def test_the_scale_has_one_hue_and_goes_one_way_in_lightness(palette):
    lights = [luminance(palette.shade(share / 20.0)) for share in range(21)]
    assert lights in (sorted(lights), sorted(lights, reverse=True))
    assert abs(lights[-1] - lights[0]) > 0.1
    hues = [360.0 * colorsys.rgb_to_hsv(*rgb(palette.shade(share / 20.0)))[0] for share in range(5, 21)]
    assert max(hues) - min(hues) < 15.0


def test_no_two_paths_have_colour_and_dashes_in_common():
    assert len({(stroke.colour, stroke.dashes) for stroke in TRAILS}) == len(TRAILS) == 10
    for a, b in itertools.pairwise(TRAILS):
        assert a.colour != b.colour
        assert a.dashes != b.dashes


# --- in the formats ------------------------------------------------------------------------------------------------------


def everything(theme):
    """A picture with all that there is: heat, paths, dead and saturated units, dashes, constants, a legend."""
    a, b = Value(1.0, "a"), Value(1.0, "b")
    h = ag.tanh(5.0 * b)
    y = 2.0 * ag.relu(-a) + h * b + a.exp()
    y.backward()
    return draw(y, heat=b, paths=ledger(y, b, k=2), theme=theme)


def test_a_page_has_the_ground_of_the_theme(tmp_path):
    for theme, palette in zip(NAMES, PALETTES, strict=True):
        source = everything(theme).save(tmp_path / "x.html").read_text(encoding="utf-8")
        assert f"body{{margin:1rem;background:{palette.ground}}}</style>" in source
        assert f"background:{palette.ground}" in everything(theme)._repr_html_()


def test_dot_source_has_the_colours_of_the_theme():
    for theme, palette in zip([*NAMES, "auto"], [*PALETTES, LIGHT], strict=True):
        source = everything(theme).to_dot().source
        assert f'bgcolor="{palette.ground}"' in source
        assert f'node [color="{palette.frame}" fontcolor="{palette.text}"' in source
        assert f'edge [color="{palette.line}" fontcolor="{palette.small}" fontname=monospace' in source
        fills = set(re.findall(r'fillcolor="(#\w{6})"', source))
        assert {palette.shade(0.0), palette.shade(1.0)} <= fills


def test_tikz_and_mermaid_follow_the_theme():
    assert r"\definecolor{ground}{HTML}{15181C}" in everything("dark").tikz()
    assert r"\fill[ground]" in everything("dark").tikz()
    assert r"\fill[ground]" not in everything("light").tikz()
    assert everything("dark").mermaid().startswith('%%{init: {"theme": "dark"}}%%\nflowchart LR\n')
    assert everything("auto").mermaid() == everything("light").mermaid()


def test_auto_is_light_where_styles_are_not_read():
    light, auto = (ElementTree.fromstring(everything(theme).svg) for theme in ("light", "auto"))
    fills = [[rectangle.get("fill") for rectangle in root.iter(f"{SVG}rect")] for root in (light, auto)]
    assert fills[0] == fills[1]


def test_cairosvg_paints_the_ground_of_the_theme(tmp_path, monkeypatch):
    pytest.importorskip("cairosvg", reason="cairosvg is not installed", exc_type=ImportError)
    image = pytest.importorskip("matplotlib.image", reason="matplotlib is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    for theme, palette in zip([*NAMES, "auto"], [*PALETTES, LIGHT], strict=True):
        pixels = image.imread(everything(theme).save(tmp_path / "x.png"))
        assert pixels[1, 1, :3].tolist() == pytest.approx(rgb(palette.ground), abs=0.01)


# --- in a browser --------------------------------------------------------------------------------------------------------

SEEN = """() => {
    const hex = colour => '#' + colour.match(/\\d+/g).slice(0, 3).map(x => (+x).toString(16).padStart(2, '0')).join('')
    const fill = element => hex(getComputedStyle(element).fill)
    return {
        ground: fill(document.querySelector('svg > rect')), body: hex(getComputedStyle(document.body).backgroundColor),
        boxes: [...document.querySelectorAll('g.node .box')].map(fill),
        pairs: [...document.querySelectorAll('g.node')].flatMap(g => [...g.querySelectorAll('text')].map(
            text => [fill(text), g.querySelector('.box') ? fill(g.querySelector('.box')) : null])),
        others: [...document.querySelectorAll('g.derivative text:not(.rank), text.told')].map(fill),
        stroke: hex(getComputedStyle(document.querySelector('.arrow')).stroke),
    }
}"""


@pytest.mark.parametrize("screen", NAMES)
@pytest.mark.parametrize("theme", [*NAMES, "auto"])
def test_in_a_browser_every_text_is_readable_and_auto_follows_the_screen(page, tmp_path, theme, screen):  # noqa: F811
    page.emulate_media(color_scheme=screen)
    page.goto(everything(theme).save(tmp_path / "page.html").as_uri())
    palette = PALETTES[NAMES.index(screen if theme == "auto" else theme)]
    seen = page.evaluate(SEEN)
    assert (seen["ground"], seen["body"]) == (palette.ground, palette.ground)
    assert {palette.shade(0.0), palette.shade(1.0)} <= set(seen["boxes"])
    assert all(contrast(text, box or palette.ground) >= READABLE for text, box in seen["pairs"])
    assert all(contrast(text, palette.ground) >= READABLE for text in seen["others"])
    assert contrast(seen["stroke"], palette.ground) >= 3.0


@pytest.mark.parametrize("screen", NAMES)
def test_in_a_notebook_the_image_of_an_auto_picture_follows_the_screen(page, screen):  # noqa: F811
    image = pytest.importorskip("matplotlib.image", reason="matplotlib is not installed")
    page.emulate_media(color_scheme=screen)
    shown = everything("auto")._repr_html_()
    assert 'style="max-width:100%;color-scheme:light dark"' in shown  # what an image in a page goes by, says CSS
    assert base64.b64decode(re.search(r"base64,([^\"]+)", shown)[1]).startswith(b"<svg ")
    page.set_content(f'<body style="margin:0">{shown}</body>')
    element = page.wait_for_selector("img")
    element.evaluate("image => image.decode()")
    pixels = image.imread(io.BytesIO(element.screenshot()), format="png")
    assert pixels[1, 1, :3].tolist() == pytest.approx(rgb(PALETTES[NAMES.index(screen)].ground), abs=0.01)
