"""How fast the job is, beside the usual script and a floor: `make bench`."""
