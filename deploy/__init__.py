"""How the suite gets to its places: AWS, Snowflake, Athena, BI tools, and one machine."""

from shared.interrupts import explain_early_interrupt

explain_early_interrupt()
