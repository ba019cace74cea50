"""SVG that others may have made: plain shapes, words and pictures within, of which nothing leads elsewhere.

Whatever draws it opens no other file, repeats nothing, and has work in proportion to what is in the file.
"""

import base64
import re
import struct
from itertools import count
from xml.parsers.expat import ExpatError, ParserCreate

from cnnviz.file_kinds import PNG_SIGNATURE

MOST_PIXELS = 25_000_000
"""Pixels of all pictures in a drawing together."""

_MOST_PARTS = 50_000  # the whole window has some thousand
_DEEPEST = 24
_PNG = "data:image/png;base64,"
_SHAPES = frozenset(
    {"rect", "line", "circle", "ellipse", "polyline", "polygon", "path", "text", "tspan", "image"}
)
#: What may stand in each element; in others, nothing but words.
_INSIDE = {
    "": frozenset({"svg"}),
    "svg": _SHAPES | {"g", "defs", "title", "desc", "style"},
    "g": _SHAPES | {"g", "defs", "title", "desc"},
    "defs": frozenset({"clipPath", "mask", "pattern", "linearGradient", "radialGradient", "style", "g"}),
    "text": frozenset({"tspan"}),
    "clipPath": frozenset({"path", "rect", "circle", "ellipse", "polygon"}),
    "mask": frozenset({"rect"}),
    "pattern": frozenset({"rect", "path"}),
    "linearGradient": frozenset({"stop"}),
    "radialGradient": frozenset({"stop"}),
}
_OWN_PART = re.compile(r"url\(#[\w.-]+\)")
#: What may refer to another part where: parts that are referred to do not refer on, so that none is in a ring
#: and none is drawn more often than it is named. A hatched area is a pattern with a mask.
_MAY_REFER = {"clipPath": (), "mask": (), "linearGradient": (), "radialGradient": (), "pattern": ("mask",)}
#: Letters that a figure of this program carries with it.
_FONTS = re.compile(
    r"""\s*+(?:@font-face\s*+\{\s*+font-family:\s*+'[\w ]++';\s*+font-weight:\s*+\d++;\s*+
    src:\s*+url\(data:font/otf;base64,[A-Za-z0-9+/=]*+\)\s*+format\('opentype'\);\s*+\}\s*+)*+""",
    re.VERBOSE,
)


class _NotPlainError(Exception):
    """Its text says what is met, to follow "it has"."""


class _Look:
    """What a parser meets, as far as it goes well."""

    def __init__(self) -> None:
        self._open = [""]
        self._parts = count()
        self._pixels = 0
        self._style: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        inside = self._open[-1]
        if name not in _INSIDE.get(inside, ()):
            raise _NotPlainError(f"<{name[:40]}>" + (f" in <{inside}>" if inside else " at its beginning"))
        if next(self._parts) >= _MOST_PARTS:
            raise _NotPlainError("too many parts")
        if len(self._open) > _DEEPEST:
            raise _NotPlainError("parts in parts too deeply")
        self._open.append(name)
        for key, value in attributes.items():
            self._look_at(name, key, value)

    def end(self, _name: str) -> None:
        if self._open.pop() == "style" and _FONTS.fullmatch("".join(self._style)) is None:
            raise _NotPlainError("a style sheet")

    def words(self, text: str) -> None:
        if self._open[-1] == "style":
            self._style.append(text)

    def refuse(self, *_what: object) -> None:
        raise _NotPlainError("a declaration")

    def _look_at(self, name: str, key: str, value: str) -> None:
        own = key.rpartition(":")[2].lower()
        if own == "href":
            if name != "image":
                raise _NotPlainError("a link")
            self._take_picture(value)
        elif own.startswith("on"):
            raise _NotPlainError("a script")
        elif "url" in value.lower() or "\\" in value or "@" in value:
            outer = next((each for each in self._open if each in _MAY_REFER), "")
            is_there = outer not in _MAY_REFER or own in _MAY_REFER[outer]
            if not (is_there and _OWN_PART.fullmatch(value.strip())):
                raise _NotPlainError("a reference to something else")

    def _take_picture(self, value: str) -> None:
        # The head of a PNG says how large it is: 8 bytes, then length and name of a part, width and height.
        try:
            head = base64.b64decode(value.removeprefix(_PNG)[:64].strip(), validate=False)[:24]
        except ValueError:
            head = b""
        if not value.startswith(_PNG) or len(head) < 24 or not head.startswith(PNG_SIGNATURE):
            raise _NotPlainError("a picture that is no PNG within it")
        width, height = struct.unpack(">2I", head[16:])
        self._pixels += width * height
        if self._pixels > MOST_PIXELS:
            raise _NotPlainError("too many pixels")


def flaw_of(svg: str | bytes) -> str:
    """Return what keeps a text from being a plain drawing, to follow "it"; "" for nothing.

    Plain are shapes, text, groups, gradients, clips and hatched areas as the window draws them, and PNG
    pictures within. Not so: what is drawn anew by naming it (``use``), filters, links, scripts, animation,
    style sheets, and everything that is not in the file itself.
    """
    look, parser = _Look(), ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = look.start, look.end
    parser.CharacterDataHandler = look.words
    parser.StartDoctypeDeclHandler = parser.ProcessingInstructionHandler = look.refuse
    try:
        parser.Parse(svg.encode("utf-8", "replace") if isinstance(svg, str) else svg, True)
    except _NotPlainError as error:
        return f"has {error}"
    except (ExpatError, ValueError, LookupError):  # ValueError, LookupError: an encoding that nobody knows
        return "is no SVG, or damaged"
    return ""
