"""A font file with just the letters that a figure uses, so that the figure looks alike on every computer.

Outlines are taken from the font that Qt draws with and written as an OpenType font with Compact Font Format
outlines. Kerning and hints are left out. Sources of the format: the OpenType specification 1.9, and Adobe
Technical Notes 5176 (The Compact Font Format) and 5177 (The Type 2 Charstring Format).
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QFont, QPainterPath, QRawFont

#: Units of a font's em square; Compact Font Format takes 1000 unless it is told otherwise.
_EM = 1000
#: The first number of a string that is not one of the 391 that every such font knows.
_OWN_STRINGS = 391


@dataclass(frozen=True)
class _Glyph:
    outline: bytes
    advance: int
    left: int


def small_font(font: QFont, characters: Iterable[str]) -> bytes:
    """Return an OpenType font file with some characters of a font.

    Parameters
    ----------
    font : QFont
    characters : iterable of str
        Single characters; those that the font lacks are left out.

    Returns
    -------
    bytes
        Empty if the font has none of them.
    """
    raw = QRawFont.fromFont(font)
    raw.setPixelSize(_EM)
    places = {each: _number_of(raw, each) for each in sorted(set(characters))}
    places = {each: number for each, number in places.items() if number}
    if not places:
        return b""
    glyphs = [_glyph(raw, number) for number in (0, *places.values())]
    ascent, descent = round(raw.ascent()), -round(raw.descent())
    tables = {
        b"CFF ": _outlines(glyphs),
        b"OS/2": _metrics_for_windows(font, sorted(map(ord, places)), glyphs, ascent, descent),
        b"cmap": _character_map(list(places)),
        b"head": struct.pack(
            ">IIIIHHQQhhhhHHhhh",
            0x00010000, 0x00010000, 0, 0x5F0F3CF5, 3, _EM, 0, 0,
            0, descent, max(glyph.advance for glyph in glyphs), ascent, int(font.bold()), 6, 2, 0, 0,
        ),
        b"hhea": struct.pack(
            ">IhhhHhhhhhhhhhhhH",
            0x00010000, ascent, descent, 0, max(glyph.advance for glyph in glyphs),
            min(glyph.left for glyph in glyphs), 0, _EM, 1, 0, 0, 0, 0, 0, 0, 0, len(glyphs),
        ),
        b"hmtx": b"".join(struct.pack(">Hh", glyph.advance, glyph.left) for glyph in glyphs),
        b"maxp": struct.pack(">IH", 0x00005000, len(glyphs)),
        b"name": _names(raw.familyName()),
        b"post": struct.pack(">IIhhIIIII", 0x00030000, 0, -100, 50, 0, 0, 0, 0, 0),
    }  # fmt: skip
    return _file(tables)


def _number_of(raw: QRawFont, character: str) -> int:
    numbers = raw.glyphIndexesForString(character)
    return numbers[0] if len(numbers) == 1 else 0


def _glyph(raw: QRawFont, number: int) -> _Glyph:
    path = raw.pathForGlyph(number)
    advance = round(raw.advancesForGlyphIndexes([number])[0].x())
    return _Glyph(_charstring(path), advance, round(path.boundingRect().left()))


def _charstring(path: QPainterPath) -> bytes:
    """Return an outline as moves, lines and curves, each from where the one before has ended."""
    kinds = QPainterPath.ElementType
    out, at, pending = bytearray(), (0, 0), list[int]()
    for index in range(path.elementCount()):
        element = path.elementAt(index)
        to = (round(element.x), -round(element.y))  # Qt counts downwards
        step, at = (to[0] - at[0], to[1] - at[1]), to
        if element.type == kinds.MoveToElement:
            out += _numbers(step) + b"\x15"
        elif element.type == kinds.LineToElement:
            out += _numbers(step) + b"\x05"
        else:
            pending += step
            if len(pending) == 6:
                out += _numbers(pending) + b"\x08"
                pending = []
    return bytes(out) + b"\x0e"


def _numbers(values: Iterable[int]) -> bytes:
    out = bytearray()
    for value in values:
        if -107 <= value <= 107:
            out.append(value + 139)
        else:
            out += struct.pack(">Bh", 28, value)
    return bytes(out)


def _index(items: Sequence[bytes]) -> bytes:
    """Return an INDEX: number of items, where each begins, and the items."""
    if not items:
        return b"\0\0"
    ends = [1]
    for item in items:
        ends.append(ends[-1] + len(item))
    return struct.pack(">HB", len(items), 4) + struct.pack(f">{len(ends)}I", *ends) + b"".join(items)


def _outlines(glyphs: Sequence[_Glyph]) -> bytes:
    """Return the table of outlines."""
    head = b"\x01\x00\x04\x04" + _index([b"CNNVizFigure"])
    strings = _index([f"g{number}".encode() for number in range(1, len(glyphs))]) + _index([])
    outlines = _index([glyph.outline for glyph in glyphs])
    names = struct.pack(">BHH", 2, _OWN_STRINGS, len(glyphs) - 2)
    private = _numbers([0]) + b"\x14"  # the width of glyphs stands elsewhere

    def top(names_at: int, outlines_at: int, private_at: int) -> bytes:
        def number(value: int) -> bytes:
            return struct.pack(">Bi", 29, value)

        entries = number(names_at) + b"\x0f" + number(outlines_at) + b"\x11"
        return _index([entries + number(len(private)) + number(private_at) + b"\x12"])

    names_at = len(head) + len(top(0, 0, 0)) + len(strings)
    outlines_at = names_at + len(names)
    private_at = outlines_at + len(outlines)
    return head + top(names_at, outlines_at, private_at) + strings + names + outlines + private


def _character_map(characters: Sequence[str]) -> bytes:
    groups = [(ord(each), ord(each), number) for number, each in enumerate(characters, 1)]
    body = b"".join(struct.pack(">III", *group) for group in groups)
    table = struct.pack(">HHIII", 12, 0, 16 + len(body), 0, len(groups)) + body
    return struct.pack(">HHHHI", 0, 1, 3, 10, 12) + table


def _metrics_for_windows(
    font: QFont, codes: Sequence[int], glyphs: Sequence[_Glyph], ascent: int, descent: int
) -> bytes:
    mean = sum(glyph.advance for glyph in glyphs) // len(glyphs)
    first, last = (min(code, 0xFFFF) for code in (codes[0], codes[-1]))
    return struct.pack(
        ">HhHHHhhhhhhhhhhh10sIIII4sHHHhhhHHIIhhHHH",
        4, mean, font.weight(), 5, 0, 650, 600, 0, 75, 650, 600, 0, 350, 50, 300, 0, bytes(10),
        0, 0, 0, 0, b"NONE", 0x20 if font.bold() else 0x40, first, last,
        ascent, descent, 0, ascent, -descent, 0, 0, 500, 700, 0, 32, 1,
    )  # fmt: skip


def _names(family: str) -> bytes:
    texts = {1: family, 2: "Regular", 4: family, 6: "CNNVizFigure"}
    head, data = b"", b""
    for number, text in texts.items():
        encoded = text.encode("utf-16-be")
        head += struct.pack(">HHHHHH", 3, 1, 0x409, number, len(encoded), len(data))
        data += encoded
    return struct.pack(">HHH", 0, len(texts), 6 + len(head)) + head + data


def _file(tables: dict[bytes, bytes]) -> bytes:
    """Return an OpenType file, with the sums by which a reader may check it."""
    power = 1 << (len(tables).bit_length() - 1)
    head = struct.pack(
        ">4sHHHH", b"OTTO", len(tables), power * 16, power.bit_length() - 1, (len(tables) - power) * 16
    )
    start, directory, body = len(head) + 16 * len(tables), b"", b""
    for tag, data in sorted(tables.items()):
        directory += struct.pack(">4sIII", tag, _sum(data), start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    whole = bytearray(head + directory + body)
    place = whole.index(tables[b"head"], start) + 8
    whole[place : place + 4] = struct.pack(">I", (0xB1B0AFBA - _sum(bytes(whole))) & 0xFFFFFFFF)
    return bytes(whole)


def _sum(data: bytes) -> int:
    data += bytes(-len(data) % 4)
    return sum(struct.unpack(f">{len(data) // 4}I", data)) & 0xFFFFFFFF
