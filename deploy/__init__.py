"""How the suite gets to its places: AWS, Snowflake, Athena, BI tools, and one machine."""
