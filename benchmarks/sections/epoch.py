"""The epoch of the exercise: 12,665 steps on one image each, against a loop over pixels."""

from benchmarks.rounds import Settings, Timing, check_arithmetic, take_turns, workers
from benchmarks.tables import duration, seconds, table, verdict
from benchmarks.workloads import Workload

TITLE = "One epoch of the exercise"

_STEPS = 12_665
_LOOP_SECONDS = 0.5


def run(settings: Settings) -> list[str]:
    """Time whole epochs of CNNViz, and some dozens of steps of the loop."""
    loop, exact, single = (
        Workload(name, 1) for name in ("lab5-preset", "lab5-preset", "lab5-preset-float32")
    )
    with workers(("loop", "cnnviz")) as processes:
        check_arithmetic(processes, exact)
        tasks = {
            "loop": lambda: processes["loop"].ask("train", loop, seconds=_LOOP_SECONDS)["seconds"],
            "float32": lambda: processes["cnnviz"].ask("epoch", single)["seconds"],
            "float64": lambda: processes["cnnviz"].ask("epoch", exact)["seconds"],
        }
        timings = take_turns(tasks, settings.rounds)
    step = timings["loop"]
    epoch_of_loop = step.median * _STEPS
    rows = [["loop over pixels, float64", duration(step), seconds(epoch_of_loop), ""]]
    for name, target in (("float32", 200), ("float64", 120)):
        timing = timings[name]
        per_step = Timing([value / _STEPS for value in timing.seconds])
        ratio = verdict(epoch_of_loop / timing.median, target)
        rows.append(
            [f"CNNViz, {name}", duration(per_step), seconds(timing.median), f"{ratio}, target {target}"]
        )
    return [
        f"LAB5 as preset: batch size 1, ties to all, {_STEPS:,} steps. CNNViz trains the whole epoch each "
        "time; the loop trains for half a second and is extrapolated.",
        "",
        *table(["", "a step", "the epoch", "loop : CNNViz"], rows),
    ]
