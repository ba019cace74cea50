"""Colour roles and sizes: one role, one meaning, in every widget and figure."""

from dataclasses import dataclass, replace

from PySide6.QtGui import QColor

from cnnviz import palette

#: Enlargements of everything: the usual size, and the steps of presenter mode for a projector. With the last
#: the smallest text takes 2.2 % of the height of a screen of 1080 lines, with 1.35 of 720 lines.
SCALES = (1.0, 1.35, 1.6, 2.0)


@dataclass(frozen=True)
class Theme:
    """Everything that decides how the program looks.

    Colours are ``#RRGGBB`` strings. Roles that carry text (`text`, `muted`, `accent`, `danger`, `success`,
    `warning`, `info`) have a contrast of at least 4.5 : 1 on `window`, on `surface` and on their own
    `…_soft` ground.

    Attributes
    ----------
    name : str
        "light" or "dark".
    window, surface : str
        Ground of the frame and of the panels.
    border, track, faint : str
        Lines round things; grounds of bars and sliders; grid lines of plots.
    text, muted : str
        Text, and text of less weight.
    accent, accent_hover, accent_pressed, accent_soft, on_accent : str
        Primary action and selection, its states, the ground of what is selected, text on `accent`.
    winner, original, shifted : str
        Cell that won its pooling window; the image before and after a shift.
    hover, pressed : str
        Ground of a control under the pointer, and held down.
    danger, success, warning, info : str
        Kinds of message; `danger_soft` and so on are their grounds.
    scale : float
        One of `SCALES`; above 1 in presenter mode.
    """

    name: str
    window: str
    surface: str
    border: str
    track: str
    faint: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    accent_pressed: str
    accent_soft: str
    on_accent: str
    winner: str
    original: str
    shifted: str
    hover: str
    pressed: str
    danger: str
    danger_soft: str
    success: str
    success_soft: str
    warning: str
    warning_soft: str
    info: str
    info_soft: str
    scale: float = 1.0

    @property
    def is_dark(self) -> bool:
        """Whether the ground is darker than the text."""
        return self.name == "dark"

    @property
    def base_pt(self) -> float:
        """Size of ordinary text, in points."""
        return 10.0 * self.scale

    @property
    def small_pt(self) -> float:
        """Size of the smallest text there is, in points: never below 9."""
        return 9.0 * self.scale

    def px(self, length: float) -> int:
        """Turn a length at scale 1 into whole logical pixels at the scale in force."""
        return max(round(length * self.scale), 1) if length > 0 else 0

    def color(self, role: str, alpha: float = 1.0) -> QColor:
        """Colour of a role, as a new QColor.

        Parameters
        ----------
        role : str
            Name of a colour attribute, such as "accent".
        alpha : float
            Opacity, 0 to 1.

        Raises
        ------
        AttributeError
            If there is no such role.
        """
        color = QColor(getattr(self, role))
        color.setAlphaF(alpha)
        return color


LIGHT = Theme(
    name="light",
    window="#F4F6F8",
    surface="#FFFFFF",
    border=palette.LINE.light,
    track="#E6EBF0",
    faint="#E9EDF1",
    text=palette.INK.light,
    muted=palette.MUTED.light,
    accent=palette.ACCENT.light,
    accent_hover="#1D55D3",
    accent_pressed="#1847B5",
    accent_soft="#EAF0FE",
    on_accent="#FFFFFF",
    winner=palette.WINNER.light,
    original=palette.ORIGINAL.light,
    shifted=palette.SHIFTED.light,
    hover="#EEF2F6",
    pressed="#E2E8EE",
    danger="#C02B3D",
    danger_soft="#FCEBED",
    success="#1B7A43",
    success_soft="#E8F5ED",
    warning="#935400",
    warning_soft="#FDF3E1",
    info="#2563EB",
    info_soft="#EAF0FE",
)

DARK = Theme(
    name="dark",
    window="#14181D",
    surface="#1C2229",
    border=palette.LINE.dark,
    track="#2E3742",
    faint="#262E37",
    text=palette.INK.dark,
    muted=palette.MUTED.dark,
    accent=palette.ACCENT.dark,
    accent_hover="#86B2FF",
    accent_pressed="#5A90F0",
    accent_soft="#22304A",
    on_accent="#0E1A2E",
    winner=palette.WINNER.dark,
    original=palette.ORIGINAL.dark,
    shifted=palette.SHIFTED.dark,
    hover="#262E37",
    pressed="#303A45",
    danger="#FF8A96",
    danger_soft="#3A2329",
    success="#5FD08D",
    success_soft="#1D3329",
    warning="#FFB84D",
    warning_soft="#3A2F1C",
    info="#6EA2FF",
    info_soft="#22304A",
)

#: For paper: a white ground, black text, and lines that a printer does not lose.
PRINT = replace(
    LIGHT,
    window="#FFFFFF",
    border="#A9B2BC",
    faint="#D5DAE0",
    track="#DDE2E8",
    text="#000000",
    muted="#3A444E",
    accent="#1D4ED8",
    accent_soft="#EEF2FD",
)
