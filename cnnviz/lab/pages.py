"""Whether the pages of a report show what the results in it say.

Numbers, predictions and words of a student are looked for in the text of the pages. What the pages show
besides is not looked at, nor are letters of scripts that a PDF writes in another order than they are read.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from html import unescape

from cnnviz import __version__
from cnnviz.lab.judging import verdict_of
from cnnviz.lab.model import Lab
from cnnviz.lab.results import HandIn, unpacked_stream

_EDGE = "\x1f"  # between the parts of a page
_MOST_NAMED = 3
_MOST_TAGS = 1_000_000
_SHARE_READ = 0.6
_MOST_OBJECTS, _MOST_PAGES, _LARGEST = 100_000, 1000, 16 << 20
_MOST_IN_RANGE = 255

_UNSEEN = ("script", "style", "svg", "math", "title")
_NAME = re.compile(r"/?\w*")

_OBJECT = re.compile(rb"(\d{1,9}) 0 obj\b")
_PAGE, _FONT = re.compile(rb"/Type\s*/Page\b(?!s)"), re.compile(rb"/(\w+) (\d{1,9}) 0 R")
_MAPPED = {
    b"bfchar": re.compile(rb"()<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]{4,64})>"),
    b"bfrange": re.compile(rb"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]{4,64})>"),
}
_BYTES = rb"(?:\\.|[^\\()]|\((?:\\.|[^\\()]|\((?:\\.|[^\\()])*+\))*+\))*+"
"""What stands in the parentheses of a string, with others inside."""

_DRAWN = re.compile(
    rb"(?P<begin>/\w+\s*(?:<<(?:[^<>()]|\(" + _BYTES + rb"\)|<[0-9A-Fa-f]*+>|<<[^<>]*+>>)*+>>\s*)?B[DM]C)"
    rb"|(?P<end>\bEMC\b)|/(?P<font>\w+) [\d.]+ Tf|\((?P<text>" + _BYTES + rb")\)|<(?P<hex>[0-9A-Fa-f]+)>",
    re.DOTALL,
)
_SAID = re.compile(rb"/ActualText\s*(?:\((?P<text>" + _BYTES + rb")\)|<(?P<hex>[0-9A-Fa-f]*)>)", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPES = {
    b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b"",
}  # fmt: skip


def remarks_on_pages(content: bytes, handed: HandIn, lab: Lab | None, name: str) -> Iterator[str]:
    """Yield remarks on the pages of a PDF or HTML file `name`, of the very same lab and version only."""
    if lab is None or lab.sha256 != handed.lab.sha256 or handed.version != __version__:
        return
    is_pdf = content.startswith(b"%PDF-")
    plain = _latin if is_pdf else _letters
    text = plain(_text_of_pdf(content)) if is_pdf else _text_of_html(content, plain)
    if not text.strip(_EDGE):
        return  # no pages, or packed by another program
    missing: list[str] = []
    for what, parts, is_whole in _shown(handed, lab):
        if is_pdf and any(len(_latin(part)) < _SHARE_READ * len("".join(part.split())) for part in parts):
            continue
        words = ("" if is_pdf else _EDGE).join(map(plain, parts))
        if is_whole and not is_pdf:
            words = f"{_EDGE}{words}{_EDGE}"
        if words not in text:
            missing.append(what)
    if missing:
        named = ", ".join(list(dict.fromkeys(missing))[:_MOST_NAMED])
        yield f"the pages of {name} do not show what the results in it say ({named})"


def _shown(handed: HandIn, lab: Lab) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Yield what the pages show: what it is, its parts in order, and whether nothing stands beside them."""
    if handed.name.strip():
        yield "the name", (handed.name,), True
    if handed.roll_number.strip():
        yield "the roll number", (handed.roll_number,), True
    for each in handed.measured:
        yield f"a number of {each.step}", (each.as_written.title, each.words), True
    for step in lab.steps:
        commitment = handed.predictions.get(step.id)
        verdict = None if commitment is None else verdict_of(step, commitment.answer, handed.measured)
        has_result = any(each.step == step.id for each in handed.measured)
        if verdict is not None and commitment is not None and has_result:
            what = f"the prediction in {step.id}"
            yield what, (f"Predicted {commitment.time}, {commitment.words}",), False
            yield what, (f"{verdict.predicted}. Measured: {verdict.measured}.",), False
        for key in (step.key_of(each) for each in step.asked(handed.experiment)):
            for version in handed.hypotheses.get(key, ()):
                if version.text.strip():
                    yield f"the hypothesis in {key}", (version.text,), True
            if answer := handed.answers.get(key, "").strip():
                yield f"the answer in {key}", (answer,), True


def _letters(text: str) -> str:
    """Return what is read of a text, without blanks and signs."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text)))


def _latin(text: str) -> str:
    """Return the Latin letters and digits of a text."""
    return "".join(letter for letter in _letters(text) if letter.isascii())


def _text_of_html(content: bytes, plain: Callable[[str], str]) -> str:
    page = content.decode("utf-8-sig", "replace")
    if not page.lstrip().startswith("<") or page.count("<") > _MOST_TAGS:
        return ""
    nodes = map(plain, map(unescape, _nodes(page)))
    return f"{_EDGE}{_EDGE.join(filter(None, nodes))}{_EDGE}"


def _nodes(page: str) -> Iterator[str]:
    """Yield what is written between the tags of a page, but for what is not shown as text."""
    unseen = ""
    for part in page.split("<"):
        name = _NAME.match(part)
        tag = "" if name is None else name[0].lower()
        if unseen:
            unseen = "" if tag == f"/{unseen}" else unseen
        elif tag in _UNSEEN:
            unseen = tag
        if not unseen:
            yield part.partition(">")[2]


# --- PDF ----------------------------------------------------------------------------------------------------


def _text_of_pdf(content: bytes) -> str:
    """Return the text of pages as Typst writes them, without heads and feet; "" of other programs' PDF."""
    objects = _objects(content)
    pages = [body for body in objects.values() if _PAGE.search(body)][:_MOST_PAGES]
    maps: dict[int, dict[bytes, str]] = {}
    texts: list[str] = []
    for page in pages:
        resources = objects.get(_reference(page, b"Resources"), page)
        fonts: dict[bytes, dict[bytes, str]] = {}
        for name, number in _FONT.findall(resources):
            font = int(number)
            if b"/ToUnicode" in objects.get(font, b""):
                if font not in maps:
                    maps[font] = _letters_of(objects, font)
                fonts[name] = maps[font]
        texts.append(_read(_stream(objects, _reference(page, b"Contents")), fonts))
    return " ".join(texts)


def _objects(content: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    place = 0
    while len(found) < _MOST_OBJECTS and (begin := _OBJECT.search(content, place)) is not None:
        place = content.find(b"endobj", begin.end())
        if place < 0:
            break
        found[int(begin[1])] = content[begin.end() : place]
    return found


def _reference(body: bytes, name: bytes) -> int:
    found = re.search(rb"/%s (\d{1,9}) 0 R" % name, body)
    return -1 if found is None else int(found[1])


def _stream(objects: dict[int, bytes], number: int) -> bytes:
    head, _, packed = objects.get(number, b"").partition(b"stream")
    return unpacked_stream(packed.lstrip(b"\r\n"), _LARGEST) or b"" if b"/FlateDecode" in head else b""


def _letters_of(objects: dict[int, bytes], font: int) -> dict[bytes, str]:
    """Return the text of each sign of a font."""
    table = _stream(objects, _reference(objects[font], b"ToUnicode"))
    found: dict[bytes, str] = {}
    for kind, rows in re.findall(rb"begin(bfchar|bfrange)(.*?)endbf", table, re.DOTALL):
        for first, last, code in _MAPPED[kind].findall(rows):
            text = bytes.fromhex(code.decode()).decode("utf-16-be", "replace")
            start = int(first or last, 16)
            for sign in range(start, min(int(last, 16), start + _MOST_IN_RANGE) + 1):
                found[sign.to_bytes(2, "big")] = f"{text[:-1]}{chr(ord(text[-1]) + sign - start)}"
    return found


def _read(drawn: bytes, fonts: dict[bytes, dict[bytes, str]]) -> str:
    """Return the text that is drawn, but for what is marked as no part of the document."""
    texts: list[str] = []
    marked: list[bool] = []  # of each level, whether what is drawn is not read
    letters: dict[bytes, str] = {}
    for each in _DRAWN.finditer(drawn):
        if begin := each["begin"]:
            said = _SAID.search(begin)
            if said is not None and not any(marked):
                texts.append(_string(said).removeprefix(b"\xfe\xff").decode("utf-16-be", "replace"))
            marked.append(said is not None or begin.startswith(b"/Artifact"))
        elif each["end"]:
            if marked:
                marked.pop()
        elif each["font"]:
            letters = fonts.get(each["font"], {})
        elif not any(marked):
            signs = _string(each)
            texts += [letters.get(signs[place : place + 2], "") for place in range(0, len(signs), 2)]
    return "".join(texts)


def _string(found: "re.Match[bytes]") -> bytes:
    if found["hex"] is not None:
        return bytes.fromhex(found["hex"].decode() + "0" * (len(found["hex"]) % 2))
    return _ESCAPED.sub(_unescaped, found["text"])


def _unescaped(found: "re.Match[bytes]") -> bytes:
    sign = found[1]
    return bytes([int(sign, 8) & 255]) if sign[:1] in b"01234567" else _ESCAPES.get(sign, sign)
