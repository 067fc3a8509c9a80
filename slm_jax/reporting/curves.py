"""RUN/curves.svg: what a run logged, drawn. No plotting library: a few hundred points need a polyline each."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from slm_jax.errors import UserError
from slm_jax.reporting.writers import METRICS_FILE

CURVES_FILE = "curves.svg"
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2")
_WIDTH, _HEIGHT, _LEFT, _TOP = 520, 260, 60, 40  # of a panel's axes, and the margins around them, in pixels
_POINTS = 1000  # drawn of a curve at most

Curve = list[tuple[float, float]]  # (step, value)


def write_curves(run_dir: str | os.PathLike) -> Path:
    """Draw RUN/metrics.jsonl: every loss, and the first rate (the one that judges: "executed") of every split. Raises UserError where it cannot be written."""
    run_dir = Path(run_dir)
    curves = _read(run_dir / METRICS_FILE)
    kinds = {name: name.split("/")[-1] for name in curves}
    rate = next((kind for name, kind in kinds.items() if name.startswith("eval/") and kind not in ("loss", "bits_per_byte")), "")
    losses = {name: curve for name, curve in curves.items() if kinds[name] == "loss"}
    rates = {name: curve for name, curve in curves.items() if kinds[name] == rate}
    panels = [_panel(title, chosen, index) for index, (title, chosen) in enumerate(p for p in (("loss, nats a token", losses), (rate, rates)) if p[1])]
    width, height = len(panels) * (_WIDTH + 2 * _LEFT), _HEIGHT + 2 * _TOP + 20 * max(len(losses), len(rates))
    style = 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12"'
    text = f'<svg {style} viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n<rect width="100%" height="100%" fill="white"/>\n{"".join(panels)}</svg>\n'
    path = run_dir / CURVES_FILE
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}): make room or give permission") from error
    return path


def _read(path: Path) -> dict[str, Curve]:
    curves: dict[str, Curve] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for name, value in row.items():
            if value is not None and name not in ("step", "time"):
                curves.setdefault(name, []).append((row["step"], value))
    return curves


def _panel(title: str, curves: Mapping[str, Curve], index: int) -> str:
    points = [point for curve in curves.values() for point in curve]
    x_ticks = _ticks(0, max(step for step, _ in points))
    y_ticks = _ticks(min(0, *(value for _, value in points)), max(value for _, value in points))

    def at(step: float, value: float) -> tuple[float, float]:
        return _WIDTH * step / x_ticks[-1], _HEIGHT * (1 - (value - y_ticks[0]) / (y_ticks[-1] - y_ticks[0]))

    parts = [f'<g transform="translate({index * (_WIDTH + 2 * _LEFT) + _LEFT},{_TOP})">\n<text y="-12" font-size="14">{escape(title)}</text>\n']
    for tick in y_ticks:
        y = at(0, tick)[1]
        parts.append(f'<path d="M0 {y:.1f}H{_WIDTH}" stroke="#ddd"/><text x="-6" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>\n')
    for tick in x_ticks:
        parts.append(f'<text x="{at(tick, 0)[0]:.1f}" y="{_HEIGHT + 16}" text-anchor="middle">{tick:g}</text>\n')
    for number, (name, curve) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        every = -(-len(curve) // _POINTS)
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in [*curve[:-1:every], curve[-1]]))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>\n')
        parts.append(f'<text y="{_HEIGHT + 40 + 20 * number}" fill="{colour}">{escape(name)}: {curve[-1][1]:.4g}</text>\n')
    return "".join(parts) + "</g>\n"


def _ticks(low: float, high: float) -> Sequence[float]:
    """Four to eight round numbers that span [low, high]."""
    span = (high - low) or 1.0
    unit = 10 ** math.floor(math.log10(span / 4))
    size = next(unit * factor for factor in (1, 2, 5, 10) if span / (unit * factor) <= 6)
    first = math.floor(low / size)
    return [size * i for i in range(first, max(first + 1, math.ceil(round(high / size, 9))) + 1)]
