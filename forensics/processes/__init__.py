"""Processes: how every process of ours starts, and the workers that share a task."""
