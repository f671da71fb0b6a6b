-- The texts that a COPY reads as null. By contract an empty text is null, so no published file contains one. Files that
-- were published before that rule do, and a COPY that matches columns by name may refuse them. Snowflake's default, \N,
-- would turn that text into null.
alter file format {{ database }}.LANDING.SPARK_PARQUET set null_if = ('');
