"""What two packages must agree on, and nothing else: contracts, the raw document, the lake's layout, the store."""
