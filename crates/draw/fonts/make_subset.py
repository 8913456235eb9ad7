#!/usr/bin/env python3
"""Cuts the outlines of the figures' letters out of Noto Sans CJK SC, regular and bold.

    python3 -m venv env && env/bin/pip install fonttools
    env/bin/python crates/draw/fonts/make_subset.py [FOLDER]

FOLDER holds NotoSansCJK-Regular.ttc and NotoSansCJK-Bold.ttc (Debian: package fonts-noto-cjk, the default folder).
Taken are ASCII, the signs of Latin-1, every character of characters.txt and of the files in STRINGS, as far as the font has them.
A few signs that the font lacks are built from its own letters (DERIVED) or from bars (BRACKETS).

Layout of a .glyphs file, all numbers little-endian:

    "CVTGLYPH"  u16 units per em  u16 number of glyphs
    per glyph, by code point:  u32 code point, u32 where its outline begins, counted from the end of this list
    outline:  advance, number of contours; per contour: number of segments, first point (2 numbers),
              one bit per segment in whole bytes (1 = curve), then per segment its points, each relative to the
              one before: 1 point for a line, 3 for a cubic curve
    numbers of an outline: 7 bits per byte, lowest first, the high bit says that more follow; coordinates in zigzag
              (0, -1, 1, -2, ...), y upwards
"""

import struct
import sys
from pathlib import Path

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTCollection

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
# Code whose strings appear in figures.
STRINGS = ["crates/explain/src/**/*.rs"]
FACE = "Noto Sans CJK SC"
# Half of the font's own grid: a step is far below a pixel at any size of a figure.
UNITS = 500

# Signs made of other letters: each part's letter, scale, shift right and up in ems, and turn in quarters of a half circle.
# The face has its operators one em wide, for Chinese lines; formulas need them as wide as a figure.
DERIVED = {"ᵀ": [("T", 0.6, 0, 0.33, 0)], "ⁿ": [("n", 0.6, 0, 0.33, 0)], "ⁱ": [("i", 0.6, 0, 0.33, 0)]}
DERIVED |= {"⁻": [("−", 0.6, 0, 0.33, 0)], "ᵢ": [("i", 0.6, 0, -0.12, 0)], "ⱼ": [("j", 0.6, 0, -0.12, 0)]}
DERIVED |= {chr(0x2080 + d): [(str(d), 0.6, 0, -0.12, 0)] for d in range(10)}
DERIVED |= {chr(0x2070 + d): [(str(d), 0.6, 0, 0.33, 0)] for d in [0, *range(4, 10)]}
DERIVED |= {"×": [("+", 0.95, 0.014, 0.018, 1)], "±": [("+", 0.9, 0.028, 0.12, 0), ("−", 1, 0, -0.33, 0)]}
DERIVED |= {"≤": [("<", 1, 0, 0.08, 0), ("−", 1, 0, -0.31, 0)], "≥": [(">", 1, 0, 0.08, 0), ("−", 1, 0, -0.31, 0)]}
DERIVED |= {"≠": [("=", 1, 0, 0, 0), ("/", 0.8, 0.12, 0.09, 0)], "≈": [("~", 1, 0, 0.11, 0), ("~", 1, 0, -0.11, 0)]}
DERIVED |= {"÷": [("−", 1, 0, 0, 0), (".", 1, 0.139, 0.5, 0), (".", 1, 0.139, 0.1, 0)]}
DERIVED |= {"·": [(".", 1, 0, 0.3, 0)], "⋅": [(".", 1, 0, 0.3, 0)], "∘": [("°", 1, 0, -0.25, 0)], "∗": [("*", 1, 0, -0.2, 0)], "✗": [("+", 1.2, -0.056, -0.07, 1)]}
DERIVED |= {"…": [(".", 1, 0, 0, 0), (".", 1, 0.278, 0, 0), (".", 1, 0.556, 0, 0)]}
# Quotation marks as wide as Latin text has them: the font's feature pwid.
PROPORTIONAL = "‘’“”"
# Signs that lose the space around them.
TRIMMED = "∑∏∂∇√∞∈⊙⊗"
# A sign, whether its bar has a foot and a head, and on which side they point.
BRACKETS = {"⌊": (1, 0, 1), "⌈": (0, 1, 1), "⌋": (1, 0, -1), "⌉": (0, 1, -1)}


def wanted() -> set[str]:
    """All characters that the project's figures may show."""
    files = [HERE / "characters.txt"]
    for pattern in STRINGS:
        files += sorted(ROOT.glob(pattern))
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    text += "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0xC0)]))
    return {c for c in text if ord(c) >= 0x20} | set(DERIVED) | set(BRACKETS)


def face(path: Path):
    """The simplified Chinese face of a collection."""
    for font in TTCollection(path).fonts:
        if (font["name"].getDebugName(4) or "").startswith(FACE):
            return font
    raise SystemExit(f"{path} holds no {FACE}")


def contours(font, glyphs, name):
    """A glyph as contours of (first point, [segments]); a segment is 1 or 3 points."""
    pen = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(pen)
    found = []
    for verb, points in pen.value:
        if verb == "moveTo":
            found.append((points[0], []))
        elif verb in ("lineTo", "curveTo"):
            assert len(points) == (1 if verb == "lineTo" else 3), (name, verb)
            found[-1][1].append(points)
        else:
            assert verb in ("closePath", "endPath"), (name, verb)
    return found


def moved(shape, scale, dx, dy):
    """Contours scaled about the origin and moved."""
    put = lambda p: (p[0] * scale + dx, p[1] * scale + dy)  # noqa: E731
    return [(put(first), [[put(p) for p in s] for s in segments]) for first, segments in shape]


def turned(shape):
    """Contours turned by 45 degrees about their middle."""
    low, high = box_of(shape)
    cx, cy, r = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2, 0.5**0.5
    put = lambda p: (cx + r * (p[0] - cx - p[1] + cy), cy + r * (p[0] - cx + p[1] - cy))  # noqa: E731
    return [(put(first), [[put(p) for p in s] for s in segments]) for first, segments in shape]


def box_of(shape):
    """The lower left and upper right corner of all points."""
    points = [p for first, segments in shape for p in [first, *(p for s in segments for p in s)]]
    xs, ys = zip(*points)
    return (min(xs), min(ys)), (max(xs), max(ys))


def proportional(font):
    """The narrow forms of full-width letters: the single substitutions of the feature pwid."""
    table, found = font["GSUB"].table, {}
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag == "pwid":
            for lookup in record.Feature.LookupListIndex:
                for part in table.LookupList.Lookup[lookup].SubTable:
                    found |= getattr(getattr(part, "ExtSubTable", part), "mapping", {})
    return found


def bracket(foot, head, side, bar):
    """A floor or ceiling sign of bars as thick as the font's own."""
    box = lambda l, b, r, t: ((l, b), [[(r, b)], [(r, t)], [(l, t)]])  # noqa: E731
    left = 100 if side > 0 else 230 - bar
    arm = (100, 270) if side > 0 else (60, 230)
    shape = [box(left, -120, left + bar, 830)]
    if foot:
        shape.append(box(arm[0], -120, arm[1], -120 + bar))
    if head:
        shape.append(box(arm[0], 830 - bar, arm[1], 830))
    return 330, shape


def number(value: int) -> bytes:
    """A number of 7 bits per byte."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def outline(advance, shape, em) -> bytes:
    """The bytes of one glyph."""
    grid = lambda v: round(v * UNITS / em)  # noqa: E731
    out = bytearray(number(grid(advance)) + number(len(shape)))
    x = y = 0

    def point(p):
        nonlocal x, y
        for delta in (grid(p[0]) - x, grid(p[1]) - y):
            out.extend(number(2 * delta if delta >= 0 else -2 * delta - 1))
        x, y = grid(p[0]), grid(p[1])

    for first, segments in shape:
        out += number(len(segments))
        point(first)
        bits = sum(1 << n for n, s in enumerate(segments) if len(s) == 3)
        out += bits.to_bytes((len(segments) + 7) // 8, "little")
        for segment in segments:
            for p in segment:
                point(p)
    return bytes(out)


def cut(source: Path, target: Path, characters: set[str]) -> None:
    """Writes the glyphs of one weight."""
    font = face(source)
    cmap, glyphs, metrics = font.getBestCmap(), font.getGlyphSet(), font["hmtx"]
    em = font["head"].unitsPerEm
    bar = 66 if "Regular" in source.name else 110
    narrow = proportional(font)
    table, missing = {}, []
    for c in sorted(characters):
        if c in DERIVED:
            advance, shape = 0, []
            for letter, scale, dx, dy, turn in DERIVED[c]:
                part = contours(font, glyphs, cmap[ord(letter)])
                part = moved(turned(part) if turn else part, scale, dx * em, dy * em)
                advance = max(advance, metrics[cmap[ord(letter)]][0] * (1 if scale > 0.6 else scale) + (dx * em if c == "…" else 0))
                shape += part
            table[c] = (advance, shape)
        elif c in BRACKETS:
            table[c] = bracket(*BRACKETS[c], bar)
        elif ord(c) in cmap:
            name = cmap[ord(c)]
            if c in PROPORTIONAL:
                name = narrow[name]
            advance, shape = metrics[name][0], contours(font, glyphs, name)
            if c in TRIMMED:
                low, high = box_of(shape)
                advance, shape = high[0] - low[0] + 120, moved(shape, 1, 60 - low[0], 0)
            table[c] = (advance, shape)
        else:
            missing.append(c)
    index, body = bytearray(), bytearray()
    for c, (advance, shape) in sorted(table.items()):
        index += struct.pack("<II", ord(c), len(body))
        body += outline(advance, shape, em)
    target.write_bytes(b"CVTGLYPH" + struct.pack("<HH", UNITS, len(table)) + index + body)
    print(f"{target.name}: {len(table)} characters, {target.stat().st_size} bytes")
    if missing:
        print("  not in the font:", *(f"U+{ord(c):04X} {c}" for c in missing))


def main() -> None:
    """Cuts both weights."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/opentype/noto")
    characters = wanted()
    for weight in ["Regular", "Bold"]:
        cut(folder / f"NotoSansCJK-{weight}.ttc", HERE / f"{weight.lower()}.glyphs", characters)


if __name__ == "__main__":
    main()
