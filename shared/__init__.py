"""What two rooms must agree on, and nothing else: contracts, the raw document, the lake's layout, the store."""
