# SPDX-License-Identifier: GPL-2.0
"""Bars, as SVG."""
from html import escape

WIDTH, LEFT, RIGHT, BAR = 900, 210, 60, 13
COLOURS = ("#4878a8", "#e08830", "#58a058", "#c84848", "#9070b0", "#886050",
           "#d878b0", "#808080", "#b0a830", "#48b0c0")


def svg(title, height, body):
    """The whole file. Pages that are narrower than it make it smaller."""
    return f"""<!-- SPDX-License-Identifier: GPL-2.0 -->
<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" \
height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" \
font-size="11">
<!-- made by tests/bench/document -->
<rect width="{WIDTH}" height="{height}" fill="white"/>
<text x="10" y="18" font-size="14">{escape(title)}</text>
{body}</svg>
"""


def rect(x, y, width, colour):
    """One bar."""
    return f'<rect x="{x:.1f}" y="{y}" width="{max(width, 0):.1f}" ' \
        f'height="{BAR - 2}" fill="{colour}"/>\n'


def text(x, y, words, anchor="start"):
    """Words beside a bar, legible also upon a line."""
    return f'<text x="{x:.1f}" y="{y + BAR - 4}" text-anchor="{anchor}" ' \
        'stroke="white" stroke-width="3" paint-order="stroke">' \
        f"{escape(words)}</text>\n"


def legend(names, y):
    """What the colours mean."""
    out, x = "", LEFT
    for name, colour in zip(names, COLOURS):
        out += rect(x, y, BAR, colour) + text(x + BAR + 4, y, name)
        x += 30 + 7 * len(name)
    return out


def grouped(title, names, groups, line):
    """groups: [(name, [value or None for each of names])]; a line marks a
    value that matters. Names without any value are left out."""
    used = [any(values[i] is not None for _, values in groups)
            for i in range(len(names))]
    names = [name for name, use in zip(names, used) if use]
    groups = [(name, [v for v, use in zip(values, used) if use])
              for name, values in groups]
    most = max(v for _, values in groups for v in values if v is not None)
    scale = (WIDTH - LEFT - RIGHT) / most
    x, y, words, out = LEFT + line * scale, 50, "", ""
    for name, values in groups:
        bars = sum(value is not None for value in values)
        words += text(LEFT - 6, y + (bars - 1) * BAR // 2, name, "end")
        for value, colour in zip(values, COLOURS):
            if value is None:
                continue
            out += rect(LEFT, y, value * scale, colour)
            words += text(LEFT + value * scale + 4, y, f"{value:.2f}")
            y += BAR
        y += 7
    out += f'<path d="M{x:.1f} 46V{y}" stroke="black" stroke-dasharray="3"/>\n'
    return svg(title, y + 8, legend(names, 28) + out + words)


def stacked(title, names, bars):
    """bars: [(name, {one of names: value})]; one of no name is a gap."""
    most = max(sum(values.values()) for _, values in bars)
    scale = (WIDTH - LEFT - RIGHT) / most
    y, out = 50, legend(names, 28)
    for name, values in bars:
        x = LEFT
        if name:
            out += text(LEFT - 6, y, name, "end")
        for part, colour in zip(names, COLOURS):
            out += rect(x, y, values.get(part, 0) * scale, colour)
            x += values.get(part, 0) * scale
        if values:
            out += text(x + 4, y, f"{sum(values.values()):,.0f}")
        y += BAR if name else 7
    return svg(title, y + 8, out)
