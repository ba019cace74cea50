"""Letters carried in an SVG file, read by FreeType, which had no part in writing them."""

import base64
import io
import re
import struct
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from cnnviz.drawing import LIGHT, Colors, Font, drawn
from cnnviz.drawing.drawing import captioned
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from ui.export.formats import draw_svg, small_font
from ui.theme.fonts import FONT_FOLDER

SVG = "{http://www.w3.org/2000/svg}"
LETTERS = "Ag∂×−0.25 ½%ß"


def _picture(font: ImageFont.FreeTypeFont, letter: str) -> np.ndarray:
    image = Image.new("L", (160, 200))
    ImageDraw.Draw(image).text((20, 140), letter, fill=255, font=font, anchor="ls")
    return np.asarray(image, dtype=np.float64) / 255


@pytest.mark.parametrize("file", ["Inter-Regular.otf", "JetBrainsMono-Regular.ttf"])
def test_letters_look_like_those_of_the_whole_font(file: str) -> None:
    basic = ImageFont.Layout.BASIC
    small = ImageFont.truetype(
        io.BytesIO(small_font(Font(1, is_mono=not file.startswith("Inter")), LETTERS)),
        100,
        layout_engine=basic,
    )
    whole = ImageFont.truetype(FONT_FOLDER / file, 100, layout_engine=basic)
    for letter in LETTERS:
        assert small.getlength(letter) == pytest.approx(whole.getlength(letter), abs=1), letter
        drawn, wanted = _picture(small, letter), _picture(whole, letter)
        # Hints move the edges of the whole font by parts of a pixel.
        assert np.abs(drawn - wanted).sum() <= 0.12 * wanted.sum() + 1, letter


def test_letters_that_were_not_asked_for_are_left_out() -> None:
    few = ImageFont.truetype(io.BytesIO(small_font(Font(1), "ab")), 100)
    assert _picture(few, "b").any()
    np.testing.assert_array_equal(_picture(few, "c"), _picture(few, "\N{SNOWMAN}"))
    assert small_font(Font(1), "") == b""
    assert small_font(Font(1), "\N{CJK UNIFIED IDEOGRAPH-732B}") == b"", "the font has no such letter"


def test_the_sums_of_the_font_file_are_right() -> None:
    data = small_font(Font(1), LETTERS)
    words = struct.unpack(f">{len(data) // 4}I", data)
    assert sum(words) & 0xFFFFFFFF == 0xB1B0AFBA
    (count,) = struct.unpack_from(">H", data, 4)
    for number in range(count):
        _tag, wanted, start, length = struct.unpack_from(">4sIII", data, 12 + 16 * number)
        table = bytearray(data[start : start + length] + bytes(-length % 4))
        if data[12 + 16 * number : 16 + 16 * number] == b"head":
            table[8:12] = bytes(4)
        assert sum(struct.unpack(f">{len(table) // 4}I", table)) & 0xFFFFFFFF == wanted


def test_an_svg_carries_every_letter_it_uses_and_is_else_unchanged() -> None:
    values = np.arange(12).reshape(3, 4) / 7 - 0.5
    shown = Looked(HeatMap(values, Colors.of("signed", values)))
    drawing = captioned(drawn(HEAT_MAP, shown, 400, LIGHT), "seed 0 & ∂L/∂w <1>")
    plain, full = draw_svg(drawing)(), draw_svg(drawing, with_fonts=True)()
    assert b"@font-face" not in plain
    assert re.sub(rb"\n<style.*?</style>", b"", full, flags=re.DOTALL) == plain
    assert len(full) - len(plain) < 40_000
    root = ElementTree.fromstring(full)
    style = "".join(root.find(f"{SVG}style").itertext())
    rules = re.findall(
        r"font-family: '([^']*)'; font-weight: (\d+); src: url\(data:font/otf;base64,([^)]*)", style
    )
    fonts = {
        (family, weight): ImageFont.truetype(io.BytesIO(base64.b64decode(data)), 100)
        for family, weight, data in rules
    }
    texts = [each for each in root.iter(f"{SVG}text") if each.text and each.text.strip()]
    assert {"seed", "0.64"} <= {text.text.strip().split()[0].lstrip("+−-") for text in texts}
    for text in texts:
        family = text.get("font-family", "Inter").split(",")[0].strip("' ")
        font = fonts[family, text.get("font-weight", "400")]
        missing = _picture(font, "\N{SNOWMAN}")
        for letter in set(text.text.strip()) - {" "}:
            assert not np.array_equal(_picture(font, letter), missing), letter
