"""Draws where compute sits idle: a bar for each part of the graph, as wide as the time that it takes and as high as the share of the peak that
it reaches, so that the filled area is work done and the rest is idle. As a page that needs nothing from anywhere, and as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

COLOURS = {"vision": (31, 97, 141), "trunk": (46, 125, 80), "action": (211, 84, 0), "critic": (120, 60, 140)}
BETWEEN = (150, 152, 156)  # what is in no part: gaps between them, caches that have gone cold
IDLE, GREY, INK = (240, 240, 242), (214, 216, 219), (40, 42, 46)
WIDTH, ROW, TOP, LEFT, RIGHT = 1600, 250, 110, 110, 40  # of the picture, pixels


@dataclass(frozen=True)
class Bar:
    """One part of a decision."""

    name: str
    stage: str  # gives it its colour
    ms: float
    utilisation: float  # 0..1 of the peak


@dataclass(frozen=True)
class Row:
    """A decision through one backend."""

    name: str
    bars: tuple[Bar, ...]
    peak: float  # operations a second
    utilisation: float  # of the whole decision


def rows(results: Sequence[dict[str, Any]]) -> list[Row]:
    """From the rows of results/bench.json, without those whose parts were not measured."""
    found = []
    for result in results:
        if not result.get("layers"):
            continue
        bars = [Bar(part["name"], part["stage"], part["ms"], part["utilisation"]) for part in result["layers"]]
        left = result["work_ms"] - sum(bar.ms for bar in bars)
        if left > 0.0:
            bars.append(Bar("between", "between", left, 0.0))
        name = f"{result['tier']}, {result['backend']}, {result['precision']}"
        found.append(Row(name, tuple(bars), 1e9 * result["peak_gops"], result["utilisation"]))
    return found


def html(lines: Sequence[Row], *, title: str) -> str:
    """A whole page; Plotly's own script is in it."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(
        rows=len(lines), cols=1, shared_xaxes=True, subplot_titles=[_caption(line) for line in lines], vertical_spacing=0.06
    )
    for k, line in enumerate(lines, start=1):
        starts = _starts(line)
        figure.add_trace(
            go.Bar(
                x=starts, y=[1.0] * len(starts), width=[bar.ms for bar in line.bars], offset=0, marker_color=_css(IDLE), hoverinfo="skip"
            ), row=k, col=1,
        )  # fmt: skip
        figure.add_trace(
            go.Bar(
                x=starts,
                y=[bar.utilisation for bar in line.bars],
                width=[bar.ms for bar in line.bars],
                offset=0,
                marker_color=[_css(COLOURS.get(bar.stage, BETWEEN)) for bar in line.bars],
                marker_line={"color": "white", "width": 1},
                customdata=[(bar.name, bar.ms) for bar in line.bars],
                hovertemplate="%{customdata[0]}: %{customdata[1]:.2f} ms at %{y:.0%} of the peak<extra></extra>",
            ), row=k, col=1,
        )  # fmt: skip
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%")
    figure.update_xaxes(title_text="ms since the decision began; the area above a bar is idle compute", row=len(lines), col=1)
    figure.update_layout(title=title, template="plotly_white", barmode="overlay", showlegend=False, height=180 + 210 * len(lines))
    return figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})


def png(path: Path, lines: Sequence[Row], *, title: str) -> None:
    """The bars of `html` as a picture, 1600 pixels wide. Raises OSError where `path` cannot be written."""
    picture = Image.new("RGB", (WIDTH, TOP + ROW * len(lines) + 60), "white")
    pen = ImageDraw.Draw(picture)
    pen.text((60, 22), title, fill=INK, font=ImageFont.load_default(22))
    for k, (name, colour) in enumerate([*COLOURS.items(), ("between the parts", BETWEEN), ("idle", IDLE)]):
        pen.rectangle([60 + 200 * k, 64, 80 + 200 * k, 80], fill=colour)
        pen.text((90 + 200 * k, 62), name, fill=INK, font=ImageFont.load_default(17))
    longest = max((sum(bar.ms for bar in line.bars) for line in lines), default=1.0)
    scale = (WIDTH - LEFT - RIGHT) / longest
    for k, line in enumerate(lines):
        _panel(pen, line, top=TOP + ROW * k, scale=scale)
    pen.text(
        (WIDTH // 2, TOP + ROW * len(lines) + 22), "ms since the decision began", fill=INK, font=ImageFont.load_default(17), anchor="mm"
    )
    picture.save(path)


def _panel(pen: ImageDraw.ImageDraw, line: Row, *, top: int, scale: float) -> None:
    """One decision: 150 pixels for the whole peak."""
    small, base, high = ImageFont.load_default(15), top + 190, 150
    pen.text((LEFT, top + 8), _caption(line), fill=INK, font=ImageFont.load_default(18))
    for start, bar in zip(_starts(line), line.bars, strict=True):
        left, right = LEFT + scale * start, LEFT + scale * (start + bar.ms)
        pen.rectangle([left, base - high, right, base], fill=IDLE)
        pen.rectangle([left, base - high * min(bar.utilisation, 1.0), right, base], fill=COLOURS.get(bar.stage, BETWEEN))
        pen.line([(right, base - high), (right, base)], fill="white", width=2)
        if right - left > 52:
            pen.text(((left + right) / 2, base - high + 12), bar.name, fill=INK, font=ImageFont.load_default(13), anchor="mm")
    for share in (0.0, 0.5, 1.0):
        pen.text((LEFT - 10, base - high * share), f"{share:.0%}", fill=INK, font=small, anchor="rm")
        pen.line([(LEFT, base - high * share), (WIDTH - RIGHT, base - high * share)], fill=GREY)
    end = sum(bar.ms for bar in line.bars)
    for k in range(int(end) + 1):
        pen.text((LEFT + scale * k, base + 14), str(k), fill=INK, font=small, anchor="mm")


def _caption(line: Row) -> str:
    total = sum(bar.ms for bar in line.bars)
    return f"{line.name}: {total:.1f} ms at {line.utilisation:.0%} of {line.peak / 1e9:,.0f} billion operations a second"


def _starts(line: Row) -> list[float]:
    """When each bar begins, ms."""
    found, at = [], 0.0
    for bar in line.bars:
        found.append(at)
        at += bar.ms
    return found


def _css(colour: tuple[int, int, int]) -> str:
    return f"rgb({colour[0]},{colour[1]},{colour[2]})"
