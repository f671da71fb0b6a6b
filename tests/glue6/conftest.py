"""Tests that run only with Spark 4.1: `make test-glue6`."""

import pyspark

collect_ignore_glob = [] if pyspark.__version__.startswith("4.1.") else ["test_*.py"]
