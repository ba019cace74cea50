# pyqtgraph ships no types, and what is inferred from its code is often wrong (methods that are added at run
# time, None as a default): its names are taken as they come, and Qt's own types stay checked.
from typing import Any

def __getattr__(name: str) -> Any: ...
