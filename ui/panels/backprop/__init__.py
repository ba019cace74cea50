"""The backward pass of one sample, step by step, with the proof that each number is right."""
