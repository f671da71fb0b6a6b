-- songs: loads each published file into LANDING.SONGS, whole or not at all, and once.
-- Made by `python -m deploy.generate` from shared/tables/songs.py; do not edit.
-- Never `or replace`: the new pipe would not know which files were loaded.
create pipe if not exists {{ database }}.LANDING.SONGS_PIPE_V1
auto_ingest = true
error_integration = {{ error_integration }}
aws_sns_topic = '{{ sns_topic_arn }}'
as
copy into {{ database }}.LANDING.SONGS
from @{{ database }}.LANDING.PROCESSED/songs/
pattern = '(songs/)?ingest_date=[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{20}-[0-9]{5}[.]parquet'
file_format = (format_name = '{{ database }}.LANDING.SPARK_PARQUET')
match_by_column_name = case_insensitive
include_metadata = (
    FILE_NAME = METADATA$FILENAME,
    FILE_ROW_NUMBER = METADATA$FILE_ROW_NUMBER,
    LOADED_AT = METADATA$START_SCAN_TIME
)
on_error = skip_file;
