"""The QPalette of a theme, for whatever the stylesheet does not reach."""

from PySide6.QtGui import QPalette

from ui.theme.tokens import Theme


def make_palette(theme: Theme) -> QPalette:
    """Palette with every role that Fusion reads set from the tokens."""
    role = QPalette.ColorRole
    colors = {
        role.Window: "window",
        role.WindowText: "text",
        role.Base: "surface",
        role.AlternateBase: "hover",
        role.Text: "text",
        role.PlaceholderText: "muted",
        role.Button: "surface",
        role.ButtonText: "text",
        role.BrightText: "danger",
        role.Highlight: "accent",
        role.HighlightedText: "on_accent",
        role.Accent: "accent",
        role.Link: "accent",
        role.LinkVisited: "accent",
        role.ToolTipBase: "surface",
        role.ToolTipText: "text",
        role.Light: "hover",
        role.Midlight: "hover",
        role.Mid: "border",
        role.Dark: "border",
        role.Shadow: "window",
    }
    palette = QPalette()
    for key, name in colors.items():
        palette.setColor(key, theme.color(name))
    group = QPalette.ColorGroup.Disabled
    for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(group, key, theme.color("muted", 0.6))
    palette.setColor(group, role.Highlight, theme.color("border"))
    return palette
