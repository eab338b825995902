"""The colours of pictures: on a light ground and on a dark one, told apart by lightness, with strokes for paths."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DARK", "LIGHT", "THEMES", "TRAILS", "Palette", "Stroke"]
__all__ += ["mixed", "page_style", "palette_of", "style_of", "trail_of"]

THEMES = ("light", "dark", "auto")


def mixed(start: str, end: str, share: float) -> str:
    """A colour between two.

    >>> mixed("#000000", "#ff8000", 0.5)
    '#804000'
    """
    pairs = zip(bytes.fromhex(start[1:]), bytes.fromhex(end[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme; every text has a contrast of 4.5 at least against all that it stands on (WCAG 2.1, 1.4.3).

    Attributes:
        ground: of the picture.
        text, small, muted: of what stands in boxes, on arrows, and of what is pale or constant.
        frame, line, faint: of boxes, of arrows, and of arrows that carry nothing.
        deepest: of the box with the largest number; all others lie between it and the ground, in one hue.
        hatch: of the lines across dead units.
    """

    ground: str
    text: str
    small: str
    muted: str
    frame: str
    line: str
    faint: str
    deepest: str
    hatch: str

    def shade(self, share: float) -> str:
        """The colour of a share from 0 to 1 of the deepest."""
        return mixed(self.ground, self.deepest, share)


LIGHT = Palette(
    ground="#ffffff",
    text="#111111",
    small="#333333",
    muted="#595959",
    frame="#333333",
    line="#555555",
    faint="#8c8c8c",
    deepest="#6baed6",
    hatch="#d4d4d4",
)
DARK = Palette(
    ground="#15181c",
    text="#f0f0f0",
    small="#e6e6e6",
    muted="#a0a0a0",
    frame="#c8c8c8",
    line="#a8a8a8",
    faint="#787878",
    deepest="#1c69a0",
    hatch="#30353b",
)


def palette_of(theme: str) -> Palette:
    """The colours of a theme where the format cannot follow the reader's screen: there "auto" is light."""
    return DARK if theme == "dark" else LIGHT


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a highlighted path is drawn: its colour, its dashes as lengths of line and gap, and the colour of its number."""

    colour: str
    dashes: tuple[int, ...]
    ink: str


COLOURS = (
    ("#0072b2", "#ffffff"),
    ("#d55e00", "#000000"),
    ("#009e73", "#000000"),
    ("#cc79a7", "#000000"),
    ("#e69f00", "#000000"),
    ("#56b4e9", "#000000"),
)
"""Okabe and Ito, Color universal design, 2008, without those that are hard to see on a light or on a dark ground."""
DASHES: tuple[tuple[int, ...], ...] = ((), (9, 3), (3, 2), (9, 3, 3, 3), (15, 4))
TRAILS = tuple([Stroke(COLOURS[k % 6][0], DASHES[k % 5], COLOURS[k % 6][1]) for k in range(10)])
"""One for each highlighted path: no two have both colour and dashes in common."""


def trail_of(rank: int) -> Stroke:
    """The stroke of a path by its rank, from 1."""
    return TRAILS[(rank - 1) % len(TRAILS)]


def style_of(theme: str) -> str:
    """The style of an SVG. With "auto" it is light, and dark where the reader's screen is."""
    if theme != "auto":
        return SHAPES + _colours(palette_of(theme))
    dark = _colours(DARK) + f".ground{{fill:{DARK.ground}}}.box,.card,.swatch{{fill:var(--dark)}}"
    return f"{SHAPES}{_colours(LIGHT)}@media(prefers-color-scheme:dark){{{dark}}}"


def page_style(theme: str) -> str:
    """The style of a page's body around a picture."""
    dark = f"@media(prefers-color-scheme:dark){{body{{background:{DARK.ground}}}}}" if theme == "auto" else ""
    return f"body{{margin:1rem;background:{palette_of(theme).ground}}}{dark}"


SHAPES = (
    "text{text-anchor:middle;font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}"
    ".small,.told{font-size:10.2px}.told{text-anchor:start}.title,.rank{font-weight:600}"
    ".arrow,.trail{fill:none;stroke-width:1.1}.blocked{stroke-dasharray:3 3}.trail{stroke-width:3}"
    ".box,.card{stroke-width:1.1}.leaf .box{stroke-width:2}"
    ".dead .box{stroke-dasharray:5 2;stroke-width:2}.saturated .box{stroke-dasharray:2 2;stroke-width:2}.hatch{stroke:none}"
)


def _colours(palette: Palette) -> str:
    return (
        f"text{{fill:{palette.text}}}.small,.told{{fill:{palette.small}}}"
        f".constant text,.elsewhere text,.pale text{{fill:{palette.muted}}}"
        f".arrow{{stroke:{palette.line}}}.tip{{fill:{palette.line}}}.quiet,.blocked,.pale .arrow{{stroke:{palette.faint}}}"
        f".box,.card,.swatch{{stroke:{palette.frame}}}.pale .box,.pale .card{{stroke:{palette.faint}}}"
        f".lines{{stroke:{palette.hatch}}}"
    )
