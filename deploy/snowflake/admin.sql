-- What the account needs before the migrations. A person who may use ACCOUNTADMIN runs it once, and again at any time.
-- Each object is created if it is missing and then set to the values below. Nothing is replaced or dropped: a storage
-- integration that is replaced has a new identity, which AWS does not trust. No user has a password.
--
-- Variables: database (SPOTIFY; all names are derived from it, so that environments can share an account),
-- lake_role_arn, external_id (we choose it, so the IAM role's trust can be written before the integration exists),
-- stage_url (s3://bucket/processed/), error_topic_arn (SNS topic for files that a pipe refused).
-- Optional: warehouse_generation (1), allowed_addresses (IP addresses and ranges that service users may connect from,
-- separated by commas), authentication_policy (yes: service users sign in by key pair or workload identity only),
-- error_role_arn (lake_role_arn), credit_quota (10 a month; dynamic tables need about 30), whole_account
-- (sets the account's time zone too), and for each service user (deployer, bi, monitor) <user>_public_key (an RSA
-- public key without its first and last line) or <user>_identity_arn (the IAM role that it signs in with). A user with
-- neither is not created.
--
-- Afterwards AWS must trust Snowflake's IAM user: `desc integration` names it, and for errors an external id that
-- Snowflake chose and that cannot be set. The trust policies of the two roles name these ids.

{%- set deployer_role = deployer_role | default(database ~ "_DEPLOYER") %}
{%- set bi_role = bi_role | default(database ~ "_BI_READER") %}
{%- set monitor_role = monitor_role | default(database ~ "_MONITOR") %}
{%- set transform_warehouse = transform_warehouse | default(database ~ "_TRANSFORM_WH") %}
{%- set bi_warehouse = bi_warehouse | default(database ~ "_BI_WH") %}
{%- set storage_integration = storage_integration | default(database ~ "_S3") %}
{%- set error_integration = error_integration | default(database ~ "_ERRORS") %}
{%- set warehouse_generation = warehouse_generation | default("1") %}

-- --- Database

use role SYSADMIN;

-- One day of Time Travel, so that removed rows cannot be read for longer.
create database if not exists {{ database }}
data_retention_time_in_days = 1
comment = 'Spotify playlists: landed rows, current rows, BI views.';

-- --- Warehouses: the smallest, suspended after a minute. Pipes use neither. Generation 1 costs 1 credit an hour,
-- --- generation 2 costs 1.35 on AWS; without the option Snowflake chooses.

create warehouse if not exists {{ transform_warehouse }}
warehouse_size = xsmall
generation = '{{ warehouse_generation }}'
initially_suspended = true;
alter warehouse {{ transform_warehouse }} set
    warehouse_size = xsmall
    generation = '{{ warehouse_generation }}'
    auto_suspend = 60
    auto_resume = true
    statement_timeout_in_seconds = 900
    statement_queued_timeout_in_seconds = 300
    comment = 'Runs migrations, checks, and refreshes of dynamic tables.';

create warehouse if not exists {{ bi_warehouse }}
warehouse_size = xsmall
generation = '{{ warehouse_generation }}'
initially_suspended = true;
alter warehouse {{ bi_warehouse }} set
    warehouse_size = xsmall
    generation = '{{ warehouse_generation }}'
    auto_suspend = 60
    auto_resume = true
    statement_timeout_in_seconds = 300
    statement_queued_timeout_in_seconds = 600
    comment = 'Runs the queries of people and BI tools.';

-- --- Roles: the deployer owns the schemas and their objects, but neither the database nor a warehouse.

use role USERADMIN;

create role if not exists {{ deployer_role }}
comment = 'Applies the migrations; owns the schemas and their objects.';
create role if not exists {{ bi_role }}
comment = 'Reads the views of BI and nothing else.';
create role if not exists {{ monitor_role }}
comment = 'Sees the state of pipes and dynamic tables and reads landed rows.';
grant role {{ deployer_role }} to role SYSADMIN;
grant role {{ bi_role }} to role SYSADMIN;
grant role {{ monitor_role }} to role SYSADMIN;

use role SYSADMIN;

grant usage, create schema on database {{ database }} to role {{ deployer_role }};
grant usage on database {{ database }} to role {{ bi_role }};
grant usage on database {{ database }} to role {{ monitor_role }};
grant usage on warehouse {{ transform_warehouse }} to role {{ deployer_role }};
grant usage on warehouse {{ bi_warehouse }} to role {{ bi_role }};
grant usage on warehouse {{ transform_warehouse }} to role {{ monitor_role }};

-- --- Schemas, owned by the deployer. With managed access their owner may grant on future objects, which otherwise
-- --- takes a privilege over all grants of the account.

use role {{ deployer_role }};

create schema if not exists {{ database }}.LANDING with managed access
comment = 'Every row as loaded from the lake, append-only; filled by the pipes.';
create schema if not exists {{ database }}.CORE with managed access
comment = 'Current rows of each table, as views of the landing tables.';
create schema if not exists {{ database }}.BI with managed access
comment = 'What people and BI tools read.';

-- --- Service users sign in by key pair or workload identity. Each has one role and no secondary roles.
{% macro service_user(name, role, warehouse, namespace, public_key, identity_arn) %}
create user if not exists {{ name }} type = service;
alter user {{ name }} set
    default_role = {{ role }}
    default_secondary_roles = ()
    default_warehouse = {{ warehouse }}
    default_namespace = {{ namespace }}
    timezone = 'UTC';
{%- if public_key %}
alter user {{ name }} set rsa_public_key = '{{ public_key }}';
{%- endif %}
{%- if identity_arn %}
alter user {{ name }} set workload_identity = (type = aws arn = '{{ identity_arn }}');
{%- endif %}
grant role {{ role }} to user {{ name }};
{%- endmacro %}

use role USERADMIN;

{%- set deployer_public_key = deployer_public_key | default("") %}
{%- set deployer_identity_arn = deployer_identity_arn | default("") %}
{%- if deployer_public_key or deployer_identity_arn %}
{{ service_user(database ~ "_DEPLOYER_SVC", deployer_role, transform_warehouse, database,
                deployer_public_key, deployer_identity_arn) }}
{%- endif %}
{%- set bi_public_key = bi_public_key | default("") %}
{%- set bi_identity_arn = bi_identity_arn | default("") %}
{%- if bi_public_key or bi_identity_arn %}
{{ service_user(database ~ "_BI_SVC", bi_role, bi_warehouse, database ~ ".BI", bi_public_key, bi_identity_arn) }}
{%- endif %}
{%- set monitor_public_key = monitor_public_key | default("") %}
{%- set monitor_identity_arn = monitor_identity_arn | default("") %}
{%- if monitor_public_key or monitor_identity_arn %}
{{ service_user(database ~ "_MONITOR_SVC", monitor_role, transform_warehouse, database,
                monitor_public_key, monitor_identity_arn) }}
{%- endif %}

-- --- Only ACCOUNTADMIN may set the limit on credits and create integrations with AWS

use role ACCOUNTADMIN;
{% if whole_account | default(false) %}
-- For an account that is used for nothing else. Our times are UTC without a zone, so no session's zone changes them;
-- but LOADED_AT, a TIMESTAMP_LTZ, is shown in the zone of the session.
alter account set timezone = 'UTC';
{% endif %}
-- For schemas that were created before this file was run.
alter schema {{ database }}.LANDING enable managed access;
alter schema {{ database }}.CORE enable managed access;
alter schema {{ database }}.BI enable managed access;

-- The credits of both warehouses in a month. A resource monitor cannot stop pipes; those cost cents.
create resource monitor if not exists {{ database }}_CREDITS
with credit_quota = {{ credit_quota | default(10) }}
frequency = monthly
start_timestamp = immediately
triggers
    on 75 percent do notify
    on 100 percent do suspend
    on 110 percent do suspend_immediate;
alter resource monitor {{ database }}_CREDITS set credit_quota = {{ credit_quota | default(10) }};
alter warehouse {{ transform_warehouse }} set resource_monitor = {{ database }}_CREDITS;
alter warehouse {{ bi_warehouse }} set resource_monitor = {{ database }}_CREDITS;

create storage integration if not exists {{ storage_integration }}
type = external_stage
storage_provider = 'S3'
enabled = true
storage_aws_role_arn = '{{ lake_role_arn }}'
storage_aws_external_id = '{{ external_id }}'
storage_allowed_locations = ('{{ stage_url }}');
alter storage integration {{ storage_integration }} set
    enabled = true
    storage_aws_role_arn = '{{ lake_role_arn }}'
    storage_aws_external_id = '{{ external_id }}'
    storage_allowed_locations = ('{{ stage_url }}')
    comment = 'Reads the published files of the lake.';
grant usage on integration {{ storage_integration }} to role {{ deployer_role }};

create notification integration if not exists {{ error_integration }}
enabled = true
type = queue
direction = outbound
notification_provider = aws_sns
aws_sns_topic_arn = '{{ error_topic_arn }}'
aws_sns_role_arn = '{{ error_role_arn | default(lake_role_arn) }}';
alter notification integration {{ error_integration }} set
    enabled = true
    aws_sns_topic_arn = '{{ error_topic_arn }}'
    aws_sns_role_arn = '{{ error_role_arn | default(lake_role_arn) }}'
    comment = 'Reports the files that a pipe refused.';
grant usage on integration {{ error_integration }} to role {{ deployer_role }};
{%- set service_users = [] %}
{%- for user, key, arn in [("DEPLOYER", deployer_public_key, deployer_identity_arn), ("BI", bi_public_key, bi_identity_arn),
                           ("MONITOR", monitor_public_key, monitor_identity_arn)] if key or arn %}
{%- set _ = service_users.append(database ~ "_" ~ user ~ "_SVC") %}
{%- endfor %}
{%- if allowed_addresses | default("") %}
{%- set addresses = allowed_addresses.split(",") | map("trim") | join("', '") %}

-- --- Where service users may connect from. People are not affected.

create network policy if not exists {{ database }}_SERVICE_USERS
allowed_ip_list = ('{{ addresses }}');
alter network policy {{ database }}_SERVICE_USERS set allowed_ip_list = ('{{ addresses }}');
{%- for user in service_users %}
alter user {{ user }} set network_policy = '{{ database }}_SERVICE_USERS';
{%- endfor %}
{%- endif %}
{%- if authentication_policy | default("") %}

-- --- How service users may sign in.

create authentication policy if not exists {{ database }}.LANDING.SERVICE_USERS
authentication_methods = ('KEYPAIR', 'WORKLOAD_IDENTITY');
alter authentication policy {{ database }}.LANDING.SERVICE_USERS
set authentication_methods = ('KEYPAIR', 'WORKLOAD_IDENTITY');
{%- for user in service_users %}
alter user {{ user }} set authentication policy {{ database }}.LANDING.SERVICE_USERS force;
{%- endfor %}
{%- endif %}
