"""The report, from hand-typed rows to what a browser shows."""
