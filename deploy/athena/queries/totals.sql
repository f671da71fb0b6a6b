-- One row with totals: songs, songs in playlists, playlists, hours of music, time of the newest check, and playlists whose newest
-- check failed. Each song and playlist counts once.
select
    (select count(*) from {{ database }}.songs) as song_count,
    (select count(distinct song_id) from {{ database }}.stays where left_by_at is null) as held_song_count,
    (select count(distinct playlist_id) from {{ database }}.playlist_checks) as playlist_count,
    (select sum(cast(duration_ms as double)) / 3600000 from {{ database }}.songs) as duration_hours,
    (select max(coalesce(read_at, extracted_at)) from {{ database }}.playlist_checks) as last_checked_at,
    (
        select count(*)
        from (
            select
                status,
                row_number() over (
                    partition by playlist_id
                    order by
                        coalesce(read_at, extracted_at) desc, source_object desc, source_position desc, batch_id desc
                ) as check_place
            from {{ database }}.playlist_checks
        )
        where check_place = 1 and status = 'failed'
    ) as failing_playlist_count
