"""Colours that can be read: contrast by WCAG 2.2 (1.4.3 text, 1.4.11 what is not text), computed from the sheet itself; and a night that is dim
and red."""

import re

import pytest

from caravela.studio.web.server import STATIC

SHEET = (STATIC / "themes.css").read_text()
THEMES = {
    name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", body))
    for name, body in re.findall(r'\[data-theme="(\w+)"\] \{(.*?)\n\}', SHEET, re.DOTALL)
}
TEXT = [(ink, ground) for ink in ("ink", "soft") for ground in ("ground", "surface", "sunken", "tint")]
TEXT += [("faint", "ground"), ("faint", "surface"), ("accent", "surface"), ("accent-ink", "accent"), ("bad-ink", "bad")]
TEXT += [(tone, "surface") for tone in ("good", "warn", "bad")]
TEXT += [("badge-ink", f"badge-{mode}") for mode in ("manual", "l2", "l4", "stop")]
TEXT += [("over", "stage"), ("over-warn", "stage"), ("alert-ink", "alert"), ("alert-loud-ink", "alert-loud"), ("sign-ink", "sign")]
SHAPES = [("edge", "surface"), ("accent", "sunken"), ("good", "sunken"), ("warn", "sunken"), ("bad", "sunken")]
SHAPES += [(f"series-{index}", "surface") for index in range(6)] + [(f"badge-{mode}", "sunken") for mode in ("manual", "l2", "l4")]


def test_there_are_three_themes_with_the_same_colours() -> None:
    assert set(THEMES) == {"light", "dark", "night"}
    assert THEMES["light"].keys() == THEMES["dark"].keys() == THEMES["night"].keys()


@pytest.mark.parametrize("theme", ["light", "dark", "night"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(theme: str, ink: str, ground: str) -> None:
    assert contrast(THEMES[theme][ink], THEMES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark", "night"])
@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_shapes_can_be_told_from_their_ground(theme: str, shape: str, ground: str) -> None:
    assert contrast(THEMES[theme][shape], THEMES[theme][ground]) >= 3.0


def test_every_colour_is_a_theme_s() -> None:
    """A colour that a sheet names itself is as bright by night as by day."""
    for sheet in STATIC.glob("*.css"):
        if sheet.name != "themes.css":
            assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|lab|lch|oklch|hwb)a?\(", sheet.read_text()), sheet.name


def test_night_is_dim_and_red() -> None:
    night = THEMES["night"]
    for name in ("ground", "surface", "sunken", "tint", "line", "stage"):
        assert luminance(night[name]) < 0.02, name
    for name, colour in night.items():
        red, green, blue = channels(colour)
        assert red >= green >= blue or name in ("cool",), name
        assert luminance(colour) < 0.4, name


def channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (channel / 255 for channel in channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
