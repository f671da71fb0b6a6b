"""The Glue job: raw documents in, committed Parquet tables out."""

from shared.interrupts import explain_early_interrupt

explain_early_interrupt()
