-- What a COPY reads as null. An empty text is null by contract, so no published file holds one; files published before
-- that rule do, and a COPY that matches columns by name may refuse them. Snowflake's default would make null of \N.
alter file format {{ database }}.LANDING.SPARK_PARQUET set null_if = ('');
