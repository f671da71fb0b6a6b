-- Readers may select from the views of BI and nothing below them; the monitor may see pipes, dynamic tables and rows.
-- This script runs before the other repeatable scripts: objects that they create get the grants on `future` objects,
-- also when a view is replaced; objects that exist get the grants on `all`. Snowflake has no `all` for pipes, so only
-- its owner sees a pipe that was created before this script first ran. The roles and their usage of the database and
-- warehouses are the administrator's (admin.sql); so are the schemas with managed access, whose owner may grant on
-- future objects.
{% set bi_role = bi_role | default(database ~ "_BI_READER") -%}
{% set monitor_role = monitor_role | default(database ~ "_MONITOR") -%}

grant usage on schema {{ database }}.BI to role {{ bi_role }};
grant select on future views in schema {{ database }}.BI to role {{ bi_role }};
grant select on all views in schema {{ database }}.BI to role {{ bi_role }};

grant usage on schema {{ database }}.LANDING to role {{ monitor_role }};
grant monitor on future pipes in schema {{ database }}.LANDING to role {{ monitor_role }};
grant select on future tables in schema {{ database }}.LANDING to role {{ monitor_role }};
grant select on all tables in schema {{ database }}.LANDING to role {{ monitor_role }};

-- SHOW DYNAMIC TABLES lists a table's state and last refresh only for roles with MONITOR on it.
grant usage on schema {{ database }}.CORE to role {{ monitor_role }};
grant select on future views in schema {{ database }}.CORE to role {{ monitor_role }};
grant select on all views in schema {{ database }}.CORE to role {{ monitor_role }};
grant monitor on future dynamic tables in schema {{ database }}.CORE to role {{ monitor_role }};
grant monitor on all dynamic tables in schema {{ database }}.CORE to role {{ monitor_role }};
