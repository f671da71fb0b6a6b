"""Reads raw documents in plain Python, on the driver or in the tasks of executors."""
