-- Who may see what: readers the views of BI and nothing below them, the monitor what has landed and how pipes fare.
-- It runs before the other repeatable scripts: what they make gets the grants of `future`, also when a view is replaced,
-- and what was there already those of `all`. Snowflake knows no `all` for pipes: a pipe made before this script first
-- ran is seen by its owner alone. The roles, and their use of database and warehouses, are the administrator's
-- (admin.sql); so are the managed schemas, in which their owner may grant on what is to come.
{% set bi_role = bi_role | default(database ~ "_BI_READER") -%}
{% set monitor_role = monitor_role | default(database ~ "_MONITOR") -%}

grant usage on schema {{ database }}.BI to role {{ bi_role }};
grant select on future views in schema {{ database }}.BI to role {{ bi_role }};
grant select on all views in schema {{ database }}.BI to role {{ bi_role }};

grant usage on schema {{ database }}.LANDING to role {{ monitor_role }};
grant monitor on future pipes in schema {{ database }}.LANDING to role {{ monitor_role }};
grant select on future tables in schema {{ database }}.LANDING to role {{ monitor_role }};
grant select on all tables in schema {{ database }}.LANDING to role {{ monitor_role }};

grant usage on schema {{ database }}.CORE to role {{ monitor_role }};
grant select on future views in schema {{ database }}.CORE to role {{ monitor_role }};
grant select on all views in schema {{ database }}.CORE to role {{ monitor_role }};
