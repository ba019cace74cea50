"""The process in which Typst sets: imports little, for it begins anew each time."""

import json
import mmap
import os
import threading
from typing import Any, cast

from cnnviz.bundled import restore
from cnnviz.files import printable

TYPESET = "--typeset"
"""Argument of the process that sets; what is to be set comes on its standard input."""

END = b"\nend"
"""What stands at the end of its answer, so that one that broke off is known."""

_EPOCH = 0  # of the creation date: equal reports give equal files
_LONGEST_REASON = 120


def run() -> int:
    """Set what comes on the standard input, and write the pages on the standard output."""
    with open(0, "rb", closefd=False) as order:
        wanted = json.loads(order.read())
    watch = threading.Timer(wanted["seconds"], os._exit, (1,))
    watch.daemon = True
    watch.start()
    head, pages = _set(wanted)
    with open(1, "wb", closefd=False) as answer:
        answer.write(json.dumps(head).encode("ascii"))
        answer.write(b"\n")
        answer.writelines(pages)
        answer.write(END)
    return 0


def _set(wanted: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Return what there is to say, and all pages one after the other."""
    try:
        import typst
    except ImportError:
        return {
            "refused": "PDF, folder and preview need the package typst, which is not here (there is "
            "none for Windows on ARM). Export the report as HTML instead."
        }, []
    try:
        mmap.mmap(-1, wanted["room"]).close()  # where it is missing, Typst would end the process
    except (OSError, OverflowError, ValueError):
        return {}, []
    sizes: list[list[int]] = []
    pages: list[bytes] = []
    try:
        fonts = typst.Fonts(font_paths=wanted["fonts"])
        for sheet in wanted["sheets"]:
            source: bytes = sheet["source"].encode()
            given: dict[str, Any] = {"font_paths": fonts, "sys_inputs": sheet["inputs"]}
            if sheet["format"] == "places":
                told: str = typst.query(source, "<places>", field="value", one=True, **given)
                found = [told.encode()]
            else:
                how: Any = {"format": sheet["format"], "ppi": sheet["dpi"], "timestamp": _EPOCH}
                result = cast("bytes | list[bytes]", typst.compile(source, **how, **given))
                found = result if isinstance(result, list) else [result]
            sizes.append([len(each) for each in found])
            pages += found
    except MemoryError:
        return {}, []
    except BaseException as error:  # noqa: BLE001 -- a panic of the typesetter is no `Exception`
        reason = printable(str(error), _LONGEST_REASON)
        remedy = f"If that happens to every report, {restore('report')}."
        return {"refused": f"The report could not be typeset ({reason}). {remedy}"}, []
    return {"sizes": sizes}, pages
