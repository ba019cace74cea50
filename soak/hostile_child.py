"""Reads hostile files with the engine, each in a fork of its own."""

import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from cnnviz.errors import CNNVizError
from soak.journal import tell
from soak.mutations import Hostile, mutant, order, specials
from soak.places import here
from soak.readers import LONGEST_MESSAGE, LONGEST_OF_LABS, MOST_MB, MOST_SECONDS, READERS

_HANGS_AFTER = 15.0
_MOST_MEMORY = 6 << 30


def memory(name: str) -> float:
    """Return a line of this process's status in megabytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1000
    return 0.0


def read_in_fork(hostile: Hostile) -> dict[str, Any]:
    """Read a file in a fork; return what it cost and what was said."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.write(writing, json.dumps(_read(hostile)).encode())
        os._exit(0)
    os.close(writing)
    told = b""
    with os.fdopen(reading, "rb") as pipe:
        if select.select([pipe], [], [], 60.0 if hostile.name[:1].isdigit() else _HANGS_AFTER)[0]:
            told = pipe.read()
        else:
            os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return json.loads(told) if told else {"crash": os.waitstatus_to_exitcode(status)}


def _read(hostile: Hostile) -> dict[str, Any]:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    before, began = memory("VmRSS"), time.process_time()
    told: dict[str, Any] = {}
    try:
        READERS[hostile.kind](hostile.path)
    except CNNVizError as error:
        told["message"] = str(error)
    except BaseException as error:  # noqa: BLE001 -- whatever it is, it is a finding
        told["error"] = f"{type(error).__name__}: {error}"[:200]
    return told | {"seconds": time.process_time() - began, "mb": memory("VmHWM") - before}


def judge(outcome: dict[str, Any], longest: int = LONGEST_MESSAGE) -> list[str]:
    """Return what is wrong with an outcome."""
    if "crash" in outcome:
        how = "stood still" if outcome["crash"] == -signal.SIGKILL else f"crashed with {outcome['crash']}"
        return [how]
    found = [f"no sentence but {outcome['error']}"] if "error" in outcome else []
    text = outcome.get("message", "")
    if len(text) > longest or not text.isprintable():
        found.append(f"a message of {len(text)} letters: {text[:60]!a}…")
    if outcome["seconds"] > MOST_SECONDS:
        found.append(f"{outcome['seconds']:.1f} s of processor time")
    if outcome["mb"] > MOST_MB:
        found.append(f"{outcome['mb']:.0f} MB")
    return found


def main() -> None:
    """Read so many files, first those that are the worst."""
    options = json.loads(sys.argv[1])
    end = time.monotonic() + options["seconds"]
    folder = here().files
    numbers = order(options["seed"], options["count"])
    for index, hostile in enumerate(
        [*specials(folder / "special"), *(mutant(each, options["seed"], folder) for each in numbers)]
    ):
        if index >= options["least"] and time.monotonic() > end:
            break
        outcome = read_in_fork(hostile)
        longest = LONGEST_OF_LABS if hostile.kind in ("lab", "course", "document") else LONGEST_MESSAGE
        tell("read", file=hostile.kind, name=hostile.name, findings=judge(outcome, longest), **outcome)


if __name__ == "__main__":
    main()
