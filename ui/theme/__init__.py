"""The look of CNNViz: colour tokens, palette, stylesheet, fonts and icons."""

from ui.theme.icons import bind_icon, icon
from ui.theme.manager import ThemeManager, follow_theme, repolish, theme_manager
from ui.theme.tokens import DARK, LIGHT, PRINT, Theme, load_fonts, mono_font, ui_font

__all__ = [
    "DARK",
    "LIGHT",
    "PRINT",
    "Theme",
    "ThemeManager",
    "bind_icon",
    "follow_theme",
    "icon",
    "load_fonts",
    "mono_font",
    "repolish",
    "theme_manager",
    "ui_font",
]
