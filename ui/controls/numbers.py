"""How numbers are written everywhere in the window."""

import math

#: The typographic minus, which is as wide as a plus.
MINUS = "\N{MINUS SIGN}"


def format_count(count: int) -> str:
    """Whole number with commas between thousands.

    Parameters
    ----------
    count : int

    Returns
    -------
    str
        Such as "12,665".
    """
    return f"{count:,}".replace("-", MINUS)


def format_value(value: float, digits: int = 3) -> str:
    """Number in about `digits` significant figures, without a needless exponent.

    Parameters
    ----------
    value : float
    digits : int
        >= 1.

    Returns
    -------
    str
        Such as "0.0407", "12.3", "1.2e−07", "0", "NaN", "∞".
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return ("" if value > 0 else MINUS) + "\N{INFINITY}"
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 10.0 ** max(digits + 2, 6):
        decimals = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
        text = f"{value:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", MINUS)


def format_signed(value: float, digits: int = 3) -> str:
    """As `format_value`, with the sign always written; zero has none.

    Parameters
    ----------
    value : float
    digits : int

    Returns
    -------
    str
        Such as "+0.35", "−0.92", "0".
    """
    text = format_value(value, digits)
    return f"+{text}" if value > 0 else text


def format_fixed(value: float, decimals: int, *, signed: bool = False) -> str:
    """Number with a fixed number of decimals, so that columns of them line up.

    Parameters
    ----------
    value : float
    decimals : int
    signed : bool
        Whether a plus is written before positive numbers.

    Returns
    -------
    str
        An exact zero is "0" when `signed`, because there it means "nothing at all".
    """
    if not math.isfinite(value):
        return format_value(value)
    if signed and value == 0:
        return "0"
    text = f"{value:{'+' if signed else ''}.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", MINUS)
