"""The Glue job: raw documents in, committed Parquet tables out."""
