"""What follows from the contracts: schemas, current views, dictionaries."""
