"""How numbers are written in a report."""

import math

MINUS = "\N{MINUS SIGN}"


def compact(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, without needless zeros."""
    if math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    size = abs(value)
    text = f"{value:.{digits - 1}e}" if size < 1e-3 or size >= 1e5 else f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", MINUS)


def fixed(value: float, places: int) -> str:
    """Write a number with so many places after the point."""
    return "–" if math.isnan(value) else f"{value:,.{places}f}".replace("-", MINUS)


def percent(share: float, places: int = 1) -> str:
    """Write a share from 0 to 1 in per cent."""
    return "–" if math.isnan(share) else f"{100 * share:.{places}f} %"
