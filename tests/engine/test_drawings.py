"""Drawings and pictures that others have made: plain ones are shown, of all others nothing is followed."""

import base64
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnviz.drawing import PAPER, Box, Colors, Drawing, Ground, Text, to_svg
from cnnviz.errors import DataError
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from cnnviz.lab.commands import run_lab_check
from cnnviz.lab.figures import Picture, pictures_of
from cnnviz.report import Insert
from cnnviz.report.drawings import flaw_of

SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def png(width: int = 4, height: int = 3) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "PNG")
    return file.getvalue()


def embedded(content: bytes, kind: str = "png") -> str:
    data = base64.b64encode(content).decode()
    return f'<image width="4" height="3" xlink:href="data:image/{kind};base64,{data}"/>'


def drawing(inside: str, size: str = 'width="40" height="20"') -> str:
    return f"<svg {SVG} {size}>{inside}</svg>"


def of_huge_size() -> bytes:
    head = bytearray(png())
    head[16:24] = (100_000).to_bytes(4, "big") * 2
    return bytes(head)


NESTED_USE = "<defs><g id='a0'><rect width='1' height='1'/></g>" + "".join(
    f"<g id='a{level}'>" + f"<use xlink:href='#a{level - 1}'/>" * 10 + "</g>" for level in range(1, 11)
) + "</defs><use xlink:href='#a10'/>"  # fmt: skip

HOSTILE = {
    "drawn without end by naming it": drawing(NESTED_USE),
    "a picture elsewhere": drawing('<image xlink:href="PIPE"/>'),
    "a picture on a server": drawing('<image href="//example.org/share/a.png"/>'),
    "a drawing within": drawing(embedded(drawing(NESTED_USE).encode(), "svg+xml")),
    "a picture of huge size": drawing(embedded(of_huge_size())),
    "a filter of a million octaves": drawing(
        '<defs><filter id="f"><feTurbulence numOctaves="1000000"/></filter></defs><rect filter="url(#f)"/>'
    ),
    "entities in entities": '<!DOCTYPE svg [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>'
    + drawing("<text>&b;</text>"),
    "a style sheet elsewhere": f'<?xml-stylesheet href="PIPE"?>{drawing("")}',
    "a style sheet": drawing('<style>@import "PIPE";</style>'),
    "a fill elsewhere": drawing('<rect fill="url(PIPE#a)"/>'),
    "a fill that is written in another way": drawing(r'<rect style="fill: u\72l(PIPE)"/>'),
    "clips in clips": drawing(
        '<defs><clipPath id="a"><rect clip-path="url(#a)"/></clipPath></defs><rect clip-path="url(#a)"/>'
    ),
    "a script": drawing("<script>alert(1)</script>"),
    "a script in an attribute": drawing('<rect onload="alert(1)"/>'),
    "groups in groups": drawing("<g>" * 1000 + "</g>" * 1000),
    "many parts": drawing("<rect/>" * 60_000),
    "a shape of another name": drawing('<x:use xmlns:x="http://www.w3.org/2000/svg" xlink:href="#a"/>'),
    "half of one": drawing("<rect/>")[:-9],
    "nothing": "",
}


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Something that whoever opens it waits for."""
    path = tmp_path / "pipe.png"
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
    return path


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_more_than_plain_shapes_is_shown_by_nobody(pipe: Path, name: str) -> None:
    svg = HOSTILE[name].replace("PIPE", str(pipe))
    told = pictures_of({"a.svg": svg.encode()})["a.svg"]
    assert isinstance(told, str)
    assert told.startswith("a.svg ")
    assert told.endswith("; save it as PNG.")
    assert len(told) <= 300
    values = Insert("title", "caption", "2026-01-01 12:00", svg or "x").to_dict()
    with pytest.raises(DataError, match="damaged: a figure in it"):
        Insert.from_dict(values)


def test_what_this_program_draws_is_plain() -> None:
    drawn = Drawing(Ground(Box(0, 0, 20, 20), PAPER, ratio=0))
    drawn.place(HEAT_MAP.draw, Looked(HeatMap(np.eye(5), Colors("signed", -1.0, 1.0))), Box(0, 0, 10, 10))
    drawn.add(Text(1, 1, "url(x) @import <use>", PAPER.font()))
    assert not flaw_of(to_svg(drawn, "a < b & c"))
    clip = '<defs><clipPath id="a"><path d="M0 0h9v9z"/></clipPath></defs><g clip-path="url(#a)"><rect/></g>'
    hatch = (
        '<defs><mask id="m"><rect/></mask><pattern id="p"><rect mask="url(#m)"/></pattern></defs>'
        '<rect fill="url(#p)"/>'
    )
    for inside in (clip, hatch, embedded(png()), "<text>one <tspan>two</tspan></text>"):
        assert not flaw_of(drawing(inside))


def test_figures_of_a_lab_become_pixels() -> None:
    red = '<rect width="40" height="20" fill="#ff0000"/>'
    file = io.BytesIO()
    Image.new("RGB", (4000, 2000), "red").save(file, "JPEG")
    found = pictures_of({"a.svg": drawing(red).encode(), "b.png": png(), "c.jpg": file.getvalue()})
    sizes = {"a.svg": (40, 80, 40), "b.png": (3, 4, 4), "c.jpg": (800, 1600, 4000)}
    for name, (height, width, meant) in sizes.items():
        picture = found[name]
        assert isinstance(picture, Picture), picture
        assert picture.pixels.shape == (height, width, 4)
        assert picture.width == meant
        assert (np.abs(picture.pixels.astype(int) - (255, 0, 0, 255)) <= 2).all()


@pytest.mark.parametrize("size", ['width="1e9" height="20"', 'width="20" height="9000000"'])
def test_a_drawing_of_no_sensible_size_is_not_drawn(size: str) -> None:
    told = pictures_of({"a.svg": drawing("<rect/>", size).encode()})["a.svg"]
    assert isinstance(told, str)
    assert "cannot be drawn, but at most 120 cm" in told


def test_figures_that_are_too_much_together_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnviz.lab.figures._MOST_PIXELS", 30)
    first, second, third = pictures_of(dict.fromkeys(("a.png", "b.png", "c.png"), png())).values()
    assert isinstance(first, Picture)
    assert isinstance(second, Picture)
    assert third == "c.png is too much beside the other figures; make them smaller."


def test_a_figure_that_is_none_says_so() -> None:
    told = pictures_of({"a.png": b"GIF89a"})["a.png"]
    assert isinstance(told, str)
    assert told.startswith("a.png is a GIF picture and not an image of a known format")


def test_the_check_of_a_lab_tells_figures_that_are_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = tmp_path / "lab.toml"
    lab.write_text(
        'id = "x"\nversion = "1"\ntitle = "X"\npurpose = "To see."\n[[section]]\nid = "s"\ntitle = "S"\n'
        '[[step]]\nid = "a"\nsection = "s"\ntitle = "A"\npurpose = "To see."\n'
        'text = """\n![A drawing](a.svg)\n"""\nminutes = 1\n[[step.done_when]]\nevent = "visited"\n'
        'what = "training"\n'
    )
    (tmp_path / "a.svg").write_text(drawing("<filter/>"))
    assert run_lab_check(lab) == 2
    assert "line 13: this figure cannot be shown: a.svg has <filter> in <svg>" in capsys.readouterr().err
