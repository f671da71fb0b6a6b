-- The schemas, and the stage over the lake's published files, which the other scripts need.
-- Database, roles, warehouses and integrations belong to the account: an administrator creates them (admin.sql).
create schema if not exists {{ database }}.LANDING
comment = 'Every row as loaded from the lake, append-only; filled by the pipes.';

create schema if not exists {{ database }}.CORE
comment = 'Current rows of each table, as views of the landing tables.';

create schema if not exists {{ database }}.BI
comment = 'What people and BI tools read.';

-- The vectorized scanner reads Spark's TIMESTAMP_NTZ unchanged. Explicit, since it is not yet the default everywhere.
create file format if not exists {{ database }}.LANDING.SPARK_PARQUET
type = parquet
use_vectorized_scanner = true;

-- stage_url ends in processed/; nothing outside that prefix is ever loaded.
create stage if not exists {{ database }}.LANDING.PROCESSED
url = '{{ stage_url }}'
storage_integration = {{ storage_integration }}
file_format = (format_name = '{{ database }}.LANDING.SPARK_PARQUET');
