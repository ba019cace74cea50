"""Questions to one network.

Which cells a cell reads and feeds, how its value came about, what a filter looks for, what has changed.
"""
