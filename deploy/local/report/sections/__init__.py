"""The parts of the report, one module each: rows of the BI views in, a section out."""
