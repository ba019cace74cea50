"""Long trials of the whole program: random use, repetition, kills, faults, hostile files (``make soak``).

Each part is a module with a function `run` that starts the program, or the engine, in processes of its own
with private folders, and returns a `Result`. ``python -m soak --help`` lists them.
"""
