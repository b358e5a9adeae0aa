"""Draws frontiers: a page with Plotly inside it, which needs nothing from anywhere, and the same curves as a picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from caravela.evaluate.frontier import Bands, Frontier

COLOURS = ((31, 97, 141), (211, 84, 0), (46, 125, 80), (120, 60, 140))  # told apart by the colour-blind as well
PANELS = (("safety", "drives without a fault"), ("score", "score: progress, zero if at fault"))
COVERAGE = "coverage: share of the expected distance driven before handing over"
GREY, INK = (214, 216, 219), (40, 42, 46)


def html(frontiers: Sequence[Frontier], bands: Sequence[Bands], *, title: str) -> str:
    """A whole page; Plotly's own script is in it."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=len(PANELS), subplot_titles=[name for _, name in PANELS])
    for k, (frontier, band) in enumerate(zip(frontiers, bands, strict=True)):
        red, green, blue = COLOURS[k % len(COLOURS)]
        line = {"color": f"rgb({red},{green},{blue})", "width": 2, "dash": "solid" if frontier.tells_risk else "dot"}
        around, edge = np.concatenate([band.coverage, band.coverage[::-1]]), np.concatenate([band.safety[:, 1], band.safety[::-1, 0]])
        fill = {"fill": "toself", "fillcolor": f"rgba({red},{green},{blue},0.15)", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_trace(go.Scatter(x=around, y=edge, showlegend=False, **fill), row=1, col=1)
        labels = [_label(t) for t in frontier.thresholds]
        for column, (what, _) in enumerate(PANELS, start=1):
            mode = "lines" if frontier.tells_risk else "lines+markers"
            hover = "hands over %{text}<br>coverage %{x:.1%}<br>" + what + " %{y:.1%}"
            trace = go.Scatter(
                x=frontier.coverage,
                y=getattr(frontier, what),
                mode=mode,
                line=line,
                text=labels,
                name=frontier.policy,
                legendgroup=str(k),
                showlegend=column == 1,
                hovertemplate=hover,
            )
            figure.add_trace(trace, row=1, col=column)
    figure.update_xaxes(title_text=COVERAGE, range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_layout(title=title, template="plotly_white", legend={"orientation": "h", "y": -0.18})
    return figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})


def _label(threshold: float) -> str:
    return "at once" if threshold < 0.0 else "never" if threshold > 1.0 else f"above a risk of {threshold:.4f}"


def png(path: Path, frontiers: Sequence[Frontier], bands: Sequence[Bands], *, title: str) -> None:
    """The curves of `html` as a picture of 1600x760 pixels. Raises OSError where `path` cannot be written."""
    picture = Image.new("RGB", (1600, 760), "white")
    pen = ImageDraw.Draw(picture, "RGBA")
    pen.text((60, 22), title, fill=INK, font=ImageFont.load_default(22))
    for column, (what, name) in enumerate(PANELS):
        panel = _Panel(pen, left=100 + column * 790, top=110, width=640, height=500)
        panel.frame(name)
        for k, (frontier, band) in enumerate(zip(frontiers, bands, strict=True)):
            colour = COLOURS[k % len(COLOURS)]
            if what == "safety" and len(band.coverage) > 1 and np.isfinite(band.safety).all():  # of too few maps there is no band
                panel.band(band, colour)
            panel.curve(frontier.coverage, getattr(frontier, what), colour, dotted=not frontier.tells_risk)
    for k, frontier in enumerate(frontiers):
        at = 100 + 360 * k
        pen.line([(at, 715), (at + 40, 715)], fill=COLOURS[k % len(COLOURS)], width=4)
        told = frontier.policy if frontier.tells_risk else f"{frontier.policy} (tells no risk)"
        pen.text((at + 52, 703), told[:32], fill=INK, font=ImageFont.load_default(18))
    picture.save(path)


class _Panel:
    """Axes from 0 to 100 % in a rectangle of a picture."""

    def __init__(self, pen: ImageDraw.ImageDraw, *, left: int, top: int, width: int, height: int) -> None:
        self._pen, self._left, self._top, self._width, self._height = pen, left, top, width, height

    def _place(self, x: float, y: float) -> tuple[float, float]:
        return self._left + x * self._width, self._top + (1.0 - y) * self._height

    def frame(self, name: str) -> None:
        small = ImageFont.load_default(16)
        for tick in np.linspace(0.0, 1.0, 6):
            self._pen.line([self._place(tick, 0.0), self._place(tick, 1.0)], fill=GREY)
            self._pen.line([self._place(0.0, tick), self._place(1.0, tick)], fill=GREY)
            x, y = self._place(tick, 0.0)
            self._pen.text((x, y + 8), f"{tick:.0%}", fill=INK, font=small, anchor="ma")
            x, y = self._place(0.0, tick)
            self._pen.text((x - 10, y), f"{tick:.0%}", fill=INK, font=small, anchor="rm")
        x, y = self._place(0.5, 0.0)
        self._pen.text((x, y + 38), COVERAGE, fill=INK, font=small, anchor="ma")
        self._pen.text((self._left, self._top - 28), name, fill=INK, font=ImageFont.load_default(18))

    def band(self, band: Bands, colour: tuple[int, int, int]) -> None:
        upper = [self._place(x, y) for x, y in zip(band.coverage, band.safety[:, 1], strict=True)]
        lower = [self._place(x, y) for x, y in zip(band.coverage, band.safety[:, 0], strict=True)]
        self._pen.polygon([*upper, *lower[::-1]], fill=(*colour, 38))

    def curve(self, x: NDArray[np.float64], y: NDArray[np.float64], colour: tuple[int, int, int], *, dotted: bool) -> None:
        points = [self._place(a, b) for a, b in zip(x, y, strict=True)]
        if not dotted:
            self._pen.line(points, fill=colour, width=3, joint="curve")
        else:
            for (x0, y0), (x1, y1) in zip(points[:-1], points[1:], strict=True):
                for share in np.linspace(0.0, 1.0, 40):
                    a, b = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
                    self._pen.ellipse([a - 2, b - 2, a + 2, b + 2], fill=colour)
        a, b = points[-1]
        self._pen.ellipse([a - 6, b - 6, a + 6, b + 6], fill=colour)
