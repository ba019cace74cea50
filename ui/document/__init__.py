"""What survives the end of the program, however it ends."""
