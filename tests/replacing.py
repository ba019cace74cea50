"""One `replace` for the two kinds of immutable values."""

import dataclasses
from typing import Any

from msgspec import Struct, structs


def replace(value: Any, /, **changes: Any) -> Any:
    if isinstance(value, Struct):
        return structs.replace(value, **changes)
    return dataclasses.replace(value, **changes)
