"""Benchmarks of the job, the tutorials' script and DuckDB: `make bench`."""
