"""Processes: starts child processes, and distributes batches of work to worker processes."""
