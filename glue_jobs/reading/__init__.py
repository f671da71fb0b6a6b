"""Reading raw documents, in plain Python: runs wherever their bytes are, on the driver or on an executor."""
