"""Everything that touches a thread: training, tasks, and what they bring back."""
