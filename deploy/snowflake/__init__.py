"""Commands for a Snowflake account: deploy, handshake with AWS, status, change of a pipe, checklist."""
