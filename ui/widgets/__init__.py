"""Small widgets, one a file: they draw what they are given and ask for changes by signals.

None of them knows the state, the controller, the worker or a panel. Setters never emit the signals of the
user.
"""
