"""Generates files from the contracts: schemas, current views, dictionaries."""
