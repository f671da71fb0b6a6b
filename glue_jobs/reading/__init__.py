"""Reading raw documents, in plain Python: runs on the driver or on an executor, near their bytes."""
