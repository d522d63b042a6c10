#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""plot.py FOLDER < output of accuracy-posit: draws posit-magnitude.svg and posit-data.svg there.

No background, and colours for light and dark pages; nothing but Python is needed.
"""
import math
import pathlib
import re
import sys

FORMATS = {  # light, dark, dashes
    "float16": ("#9a6700", "#e3b341", "6 3"), "bfloat16": ("#6e7781", "#8b949e", "2 3"),
    "log16": ("#8250df", "#d2a8ff", "8 3 2 3"), "posit16": ("#1a7f37", "#56d364", ""),
    "float32": ("#bc4c00", "#ffa657", "6 3"), "posit32": ("#0550ae", "#79c0ff", ""),
}


def tables(text):
    """{first words of a title: [(name, {format: error or None where values are lost})]}"""
    found = {}
    for part in re.split(r"^# ", text, flags=re.M)[1:]:
        title, head, *lines = part.rstrip().splitlines()
        names = head.split()
        rows = [(line[:28].strip(), line[28:].split()) for line in lines]
        found[title.split(":")[0]] = [
            (name, {f: None if c.startswith("lost") else float(c) for f, c in zip(names, cells)})
            for name, cells in rows if set(names) <= set(FORMATS)]
    return found


def style():
    light = "".join(f".{f}{{stroke:{c[0]}}}.{f}-f{{fill:{c[0]}}}" for f, c in FORMATS.items())
    dark = "".join(f".{f}{{stroke:{c[1]}}}.{f}-f{{fill:{c[1]}}}" for f, c in FORMATS.items())
    return ("<style>text{font:12px sans-serif;fill:#1f2328}.axis{stroke:#8c959f;fill:none}"
            ".grid{stroke:#8c959f;opacity:.25}.line{fill:none;stroke-width:2}" + light +
            "@media(prefers-color-scheme:dark){text{fill:#e6edf3}" + dark + "}</style>")


def svg(width, height, title, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">\n'
            f"<title>{title}</title>\n{style()}\n" + "\n".join(parts) + "\n</svg>\n")


def text(x, y, words, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{words}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<path class="{kind}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def magnitude(rows):
    left, top, wide, high, low = 62, 14, 560, 300, -9.5  # 10^low to 1
    octaves = [int(name) for name, _ in rows]

    def x_of(power):
        return left + (power - octaves[0]) / (octaves[-1] - octaves[0]) * wide

    def y_of(error):
        return top + math.log10(error) / low * high

    parts = []
    for ten in range(-15, 16, 3):
        x = x_of(ten * math.log2(10))
        parts += [line(x, top, x, top + high, "grid"),
                  text(x, top + high + 17, f"1e{ten}" if ten else "1")]
    for ten in range(-9, 1):
        parts += [line(left, y_of(10 ** ten), left + wide, y_of(10 ** ten), "grid"),
                  text(left - 6, y_of(10 ** ten) + 4, f"1e{ten}" if ten else "1", "end")]
    for name, (_, _, dashes) in FORMATS.items():
        d, pen = "", "M"
        for octave, (_, errors) in zip(octaves, rows):
            error = errors[name]
            d += f"{pen}{x_of(octave + .5):.1f} {y_of(error):.1f}" if error else ""
            pen = "L" if error else "M"
        parts.append(f'<path class="line {name}" stroke-dasharray="{dashes}" d="{d}"/>')
    parts.append(f'<path class="axis" d="M{left} {top}V{top + high}H{left + wide}"/>')
    for i, (name, (_, _, dashes)) in enumerate(FORMATS.items()):
        x = left + i * 95
        parts += [f'<path class="line {name}" stroke-dasharray="{dashes}" d="M{x} 352h24"/>',
                  text(x + 29, 356, name, "start")]
    parts += [text(12, top + high / 2, "relative error, rms", "middle",
                   f' transform="rotate(-90 12 {top + high / 2})"')]
    return svg(640, 366, "Relative error by magnitude", parts)


def data(rows):
    pairs = (("posit32", "float32", "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0"),
             ("posit16", "log16", "M0-5L5 0L0 5L-5 0z"))
    left, top, wide, step = 190, 40, 430, 24
    bottom = top + step * len(rows)

    def x_of(ratio):
        return left + (math.log10(ratio) + 3.1) / 4.5 * wide

    parts = []
    for ratio in (0.001, 0.01, 0.1, 1, 10):
        x = x_of(ratio)
        parts += [line(x, top - 8, x, bottom, "axis" if ratio == 1 else "grid"),
                  text(x, bottom + 16, f"{ratio:g}")]
    parts += [text(x_of(1) + 8, 18, "posit has less error", "start"),
              text(x_of(1) - 8, 18, "posit has more error", "end"),
              text(left + wide / 2, bottom + 36, "error of the other format / error of the posit")]
    for i, (name, errors) in enumerate(rows):
        y = top + step * i + 8
        parts += [text(left - 10, y + 4, name, "end"), line(left, y, left + wide, y, "grid")]
        for posit, other, mark in pairs:
            if not errors[other]:
                continue
            parts.append(f'<path class="{posit}-f" transform="translate('
                         f'{x_of(errors[other] / errors[posit]):.1f} {y})" d="{mark}"/>')
    for i, (posit, other, mark) in enumerate(pairs):
        x = left + 40 + 190 * i
        parts += [f'<path class="{posit}-f" transform="translate({x} {bottom + 56})" d="{mark}"/>',
                  text(x + 10, bottom + 60, f"{posit} and {other}", "start")]
    return svg(640, bottom + 70, "Errors of posits and floats on network data", parts)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.splitlines()[0])
    folder, found = pathlib.Path(sys.argv[1]), tables(sys.stdin.read())
    (folder / "posit-magnitude.svg").write_text(magnitude(found["error by magnitude"]))
    (folder / "posit-data.svg").write_text(data(found["error by data"]))


if __name__ == "__main__":
    main()
