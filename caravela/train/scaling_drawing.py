"""Draws a scaling study: loss, path and short drives over looks, parameters and compute, with what was fitted. A page with Plotly inside
it, which needs nothing from anywhere, and the same panels as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from caravela.evaluate.drawing import COLOURS, GREY, INK
from caravela.evaluate.pages.scaling import AXES, LOSSES, SHARES, law, short

Result = dict[str, Any]


def points_on(result: Result, axis: str) -> list[dict[str, Any]]:
    """The points of an axis, smallest first."""
    return sorted((point for point in result["points"] if axis in point["axes"]), key=lambda point: point[AXES[axis].number])


def has_driven(result: Result) -> bool:
    return all("drives" in point for point in result["points"])


def title(result: Result) -> str:
    return (
        f"Scaling up to {result['preset']}: {result['looks']:,} looks to learn from, loss on {result['held_out']:,} others; "
        "95 % intervals by Student's t"
    )


def html(result: Result) -> str:
    """A whole page; Plotly's own script is in it."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    rows = 2 if has_driven(result) else 1
    figure = make_subplots(rows=rows, cols=len(AXES), subplot_titles=[axis.title for axis in AXES.values()], vertical_spacing=0.16)
    for column, axis in enumerate(AXES, start=1):
        points = points_on(result, axis)
        x = [point[AXES[axis].number] for point in points]
        names = [f"{point['looks']:,} looks, depth {point['depth']}, {point['steps']} steps" for point in points]
        for k, (loss, what) in enumerate(LOSSES.items()):
            colour, fitted = "rgb({},{},{})".format(*COLOURS[k]), result["fits"][axis][loss]
            group = {"legendgroup": loss, "showlegend": column == 1}
            dots = {"mode": "markers", "marker": {"size": 9, "color": colour}, "text": names, "hovertemplate": "%{text}<br>%{y:.4f}"}
            figure.add_trace(go.Scatter(x=x, y=[point[loss] for point in points], name=what, **dots, **group), row=1, col=column)
            line = {"mode": "lines", "line": {"color": colour, "dash": "dot"}, "hoverinfo": "name", "name": law(fitted, AXES[axis].symbol)}
            figure.add_trace(go.Scatter(x=x, y=_on_line(fitted, x), **line, legendgroup=f"{axis} {loss}"), row=1, col=column)
        for k, (share, what) in enumerate(SHARES.items() if rows == 2 else ()):
            colour = "rgb({},{},{})".format(*COLOURS[k + len(LOSSES)])
            y = [point["drives"][share] for point in points]
            bars = _bars(points, y) if share == "success" else None
            style = {"mode": "lines+markers", "marker": {"size": 8}, "line": {"color": colour}, "error_y": bars, "text": names}
            trace = go.Scatter(x=x, y=y, name=what, **style, legendgroup=share, showlegend=column == 1)
            figure.add_trace(trace, row=2, col=column)
    figure.update_xaxes(type="log")
    figure.update_yaxes(type="log", row=1)
    if rows == 2:
        figure.update_yaxes(range=[0, 1.02], tickformat=".0%", row=2)
    figure.update_layout(title=title(result), template="plotly_white", legend={"orientation": "h", "y": -0.12}, height=480 * rows)
    return figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})


def _on_line(fitted: Result, x: Sequence[float]) -> list[float]:
    return [fitted["scale"] * value ** -fitted["exponent"] for value in x]


def _bars(points: Sequence[Result], y: Sequence[float]) -> dict[str, Any]:
    ends = [point["drives"]["success_ci"] for point in points]
    above, below = (
        [end[1] - value for end, value in zip(ends, y, strict=True)],
        [value - end[0] for end, value in zip(ends, y, strict=True)],
    )
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below}


def png(path: Path, result: Result) -> None:
    """The panels of `html` as a picture. Raises OSError where `path` cannot be written."""
    rows = 2 if has_driven(result) else 1
    picture = Image.new("RGB", (1800, 170 + 500 * rows), "white")
    pen = ImageDraw.Draw(picture)
    pen.text((60, 22), title(result), fill=INK, font=ImageFont.load_default(22))
    every = [point[loss] for point in result["points"] for loss in LOSSES]
    span = (min(every) / 1.15, max(every) * 1.15)
    for column, axis in enumerate(AXES):
        points, left = points_on(result, axis), 110 + column * 580
        x = [point[AXES[axis].number] for point in points]
        panel = _Panel(pen, left=left, top=110, x=x, y=span, log=True)
        panel.frame(AXES[axis].title, ticks=[(value, f"{value:.2g}") for value in np.geomspace(*span, 5)])
        for k, loss in enumerate(LOSSES):
            fitted = result["fits"][axis][loss]
            panel.line(x, _on_line(fitted, x), COLOURS[k])
            panel.dots(x, [point[loss] for point in points], COLOURS[k])
            pen.text((left, 110 + 390 + 26 * k), law(fitted, AXES[axis].symbol), fill=COLOURS[k], font=ImageFont.load_default(16))
        if rows == 2:
            panel = _Panel(pen, left=left, top=650, x=x, y=(0.0, 1.0), log=False)
            panel.frame("short drives", ticks=[(value, f"{value:.0%}") for value in np.linspace(0.0, 1.0, 6)])
            for k, share in enumerate(SHARES, start=len(LOSSES)):
                y = [point["drives"][share] for point in points]
                panel.line(x, y, COLOURS[k])
                panel.dots(x, y, COLOURS[k], bars=[p["drives"]["success_ci"] for p in points] if share == "success" else None)
    for k, what in enumerate([*LOSSES.values(), *(SHARES.values() if rows == 2 else ())]):
        at, bottom = 110 + 420 * k, picture.height - 30
        pen.ellipse([at, bottom - 6, at + 12, bottom + 6], fill=COLOURS[k])
        pen.text((at + 22, bottom), what, fill=INK, font=ImageFont.load_default(18), anchor="lm")
    picture.save(path)


class _Panel:
    """A rectangle of a picture with a logarithmic axis across, and one upward that is so or not."""

    width, height = 480, 330

    def __init__(self, pen: ImageDraw.ImageDraw, *, left: int, top: int, x: Sequence[float], y: tuple[float, float], log: bool) -> None:
        self._pen, self._left, self._top, self._x, self._log = pen, left, top, x, log
        self._across = (np.log(min(x)) - 0.1, np.log(max(x)) + 0.1)
        self._up = (np.log(y[0]), np.log(y[1])) if log else y

    def _place(self, x: float, y: float) -> tuple[float, float]:
        u = (np.log(x) - self._across[0]) / (self._across[1] - self._across[0])
        v = ((np.log(y) if self._log else y) - self._up[0]) / (self._up[1] - self._up[0])
        return self._left + float(u) * self.width, self._top + (1.0 - float(v)) * self.height

    def frame(self, name: str, *, ticks: Sequence[tuple[float, str]]) -> None:
        small = ImageFont.load_default(15)
        for value, text in ticks:
            y = self._place(self._x[0], value)[1]
            self._pen.line([(self._left, y), (self._left + self.width, y)], fill=GREY)
            self._pen.text((self._left - 10, y), text, fill=INK, font=small, anchor="rm")
        for value in self._x:
            x = self._place(value, ticks[0][0])[0]
            self._pen.line([(x, self._top), (x, self._top + self.height)], fill=GREY)
            self._pen.text((x, self._top + self.height + 8), short(value), fill=INK, font=small, anchor="ma")
        self._pen.text((self._left, self._top - 28), name, fill=INK, font=ImageFont.load_default(18))

    def line(self, x: Sequence[float], y: Sequence[float], colour: tuple[int, int, int]) -> None:
        self._pen.line([self._place(a, b) for a, b in zip(x, y, strict=True)], fill=colour, width=2)

    def dots(
        self, x: Sequence[float], y: Sequence[float], colour: tuple[int, int, int], *, bars: Sequence[Sequence[float]] | None = None
    ) -> None:
        for k, (a, b) in enumerate(zip(x, y, strict=True)):
            u, v = self._place(a, b)
            self._pen.ellipse([u - 6, v - 6, u + 6, v + 6], fill=colour)
            if bars is not None:
                self._pen.line([self._place(a, bars[k][0]), self._place(a, bars[k][1])], fill=colour, width=2)
