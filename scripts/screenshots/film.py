"""The film at the beginning of README."""

import io

from PIL import Image
from PySide6.QtCore import QBuffer

from scripts.screenshots.stage import IMAGES, scrub, session, settle, train
from ui.session import Session
from ui.state import PinnedCell, Shift

_WIDTH = 1000
_STEPS = (0, 126, 378, 1000, 2500, 6000, 12665)
_SHIFTS = ((0, 0), (1, 0), (2, 0), (2, -1), (3, -2))
_CELLS = ((5, 5, 7), (5, 6, 8), (0, 8, 6))


def overview() -> None:
    """Learning, a digit that is dragged, and cells that are explained: one moving picture."""
    frames: list[tuple[Image.Image, int]] = []
    with session() as opened:
        train(opened)
        for step in _STEPS:
            scrub(opened, step)
            frames.append((_grabbed(opened), 700))
        opened.state.choose_test_image(1)
        opened.window.panels.show_panel(2)
        for right, down in _SHIFTS:
            opened.state.set_shift(Shift(right, down))
            settle(1500)
            frames.append((_grabbed(opened), 800))
        opened.state.set_shift(Shift(0, 0))
        opened.window.panels.show_panel(1)
        for cell in _CELLS:
            opened.state.set_pinned(PinnedCell("pool1", cell))
            settle(800)
            frames.append((_grabbed(opened), 1500))
    IMAGES.mkdir(parents=True, exist_ok=True)
    images, times = zip(*frames, strict=True)
    images[0].save(
        IMAGES / "overview.webp",
        save_all=True,
        append_images=images[1:],
        duration=list(times),
        loop=0,
        quality=80,
        method=6,
    )
    print("docs/images/overview.webp")


def _grabbed(opened: Session) -> Image.Image:
    settle()
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    opened.window.grab().save(buffer, "PNG")
    with Image.open(io.BytesIO(bytes(buffer.data().data()))) as picture:
        whole = picture.convert("RGB")
    return whole.resize((_WIDTH, whole.height * _WIDTH // whole.width), Image.Resampling.LANCZOS)


SCENES = (overview,)
