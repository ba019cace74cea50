"""The pictures of README and user guide, made by the program itself.

Every picture is a short scene: a session that has been brought to a state. The numbers in the pictures are
therefore those of the program, and a change of its looks needs one command to reach the documentation.
"""
