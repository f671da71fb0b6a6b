"""The commit log, stopped, doubled and raced wherever it can be."""
