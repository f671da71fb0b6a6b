"""Tests of the report, from hand-typed rows to the page in a browser."""
