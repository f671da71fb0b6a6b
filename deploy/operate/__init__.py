"""Commands for a lake and its Snowflake: in a folder, a bucket or an account."""
