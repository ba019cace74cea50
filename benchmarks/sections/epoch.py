"""The epoch of the exercise: 12,665 steps on one image each, against a loop over pixels."""

from collections.abc import Callable
from functools import partial

from benchmarks.rounds import Settings, Timing, WorkerProcess, check_arithmetic, take_turns, workers
from benchmarks.tables import duration, seconds, table, verdict
from benchmarks.workloads import Workload

TITLE = "One epoch of the exercise"

_STEPS = 12_665
_LOOP_SECONDS = 0.5


def _epoch(program: WorkerProcess, workload: Workload) -> float:
    return program.ask("epoch", workload)["seconds"]


def run(settings: Settings) -> list[str]:
    """Time whole epochs of CNNViz, and some dozens of steps of the loop."""
    loop, exact, single = (
        Workload(name, 1) for name in ("lab5-preset", "lab5-preset", "lab5-preset-float32")
    )
    with workers(("loop", "cnnviz"), settings) as processes:
        check_arithmetic(processes, exact)
        programs = [process for name, process in processes.items() if name != "loop"]
        tasks: dict[str, Callable[[], float]] = {
            f"{program.label}, {name}": partial(_epoch, program, workload)
            for name, workload in (("float32", single), ("float64", exact))
            for program in programs
        }
        tasks["loop"] = lambda: processes["loop"].ask("train", loop, seconds=_LOOP_SECONDS)["seconds"]
        timings = take_turns(tasks, settings.rounds)
    step = timings.pop("loop")
    epoch_of_loop = step.median * _STEPS
    rows = [["loop over pixels, float64", duration(step), seconds(epoch_of_loop), ""]]
    for name, timing in timings.items():
        target = 200 if name.endswith("float32") else 120
        per_step = Timing([value / _STEPS for value in timing.seconds])
        ratio = verdict(epoch_of_loop / timing.median, target)
        rows.append([name, duration(per_step), seconds(timing.median), f"{ratio}, target {target}"])
    return [
        f"LAB5 as preset: batch size 1, ties to all, {_STEPS:,} steps. CNNViz trains the whole epoch each "
        "time; the loop trains for half a second and is extrapolated.",
        "",
        *table(["", "a step", "the epoch", "loop : CNNViz"], rows),
    ]
