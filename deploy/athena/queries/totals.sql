-- One row: everything counted once, the newest check, and the playlists whose newest check failed.
select
    (select count(*) from {{ database }}.songs) as song_count,
    (select count(distinct song_id) from {{ database }}.stays where left_by_at is null) as held_song_count,
    (select count(distinct playlist_id) from {{ database }}.playlist_checks) as playlist_count,
    (select sum(cast(duration_ms as double)) / 3600000 from {{ database }}.songs) as duration_hours,
    (select max(coalesce(read_at, extracted_at)) from {{ database }}.playlist_checks) as last_checked_at,
    (
        select count_if(newest_status = 'failed')
        from (
            select playlist_id, max_by(status, coalesce(read_at, extracted_at)) as newest_status
            from {{ database }}.playlist_checks
            group by playlist_id
        )
    ) as failing_playlist_count
