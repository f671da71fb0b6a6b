"""What the environment may say, and what a person is told when it says something else."""

from datetime import timedelta

import pytest

from extract_lambda.settings import Settings, SettingsError

GOOD = {"LAKE_URI": "s3://bucket/lake", "SPOTIFY_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:1:secret:spotify"}


def test_little_has_to_be_said() -> None:
    settings = Settings.from_env(GOOD | {"SPOTIFY_PLAYLISTS": " "})

    assert (settings.lake, settings.playlists, settings.liked_songs) == ("s3://bucket/lake", "mine", False)
    assert settings.full_every == timedelta(days=30)
    assert (settings.api_url, settings.accounts_url) == ("https://api.spotify.com/v1", "https://accounts.spotify.com")


def test_all_can_be_said() -> None:
    settings = Settings.from_env(
        {
            "LAKE_URI": "out/lake",
            "SPOTIFY_CLIENT_ID": "i",
            "SPOTIFY_CLIENT_SECRET": "s",
            "SPOTIFY_REFRESH_TOKEN": "r",
            "SPOTIFY_LIKED_SONGS": "Yes",
            "FORCE_FULL_EVERY_DAYS": "7",
            "SPOTIFY_API_URL": "http://127.0.0.1:1/v1/",
            "SPOTIFY_ACCOUNTS_URL": "http://127.0.0.1:2",
            "SPOTIFY_PLAYLISTS": (
                "37i9dQZF1DXcBWIGoYBM5M, spotify:playlist:1a, spotify:user:me:playlist:1b "
                "https://open.spotify.com/intl-de/playlist/1c?si=x,https://open.spotify.com/playlist/1a"
            ),
        }
    )

    assert settings.playlists == ("37i9dQZF1DXcBWIGoYBM5M", "1a", "1b", "1c")
    assert (settings.liked_songs, settings.full_every) == (True, timedelta(days=7))
    assert (settings.api_url, settings.accounts_url) == ("http://127.0.0.1:1/v1", "http://127.0.0.1:2")
    assert settings.credentials
    assert settings.credentials.client_secret == "s"
    assert "'s'" not in repr(settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"LAKE_URI": ""}, "LAKE_URI is not set: set it to the lake, s3://bucket/prefix or a folder."),
        (
            {"SPOTIFY_PLAYLISTS": "1a,spotify:album:1b"},
            (
                "SPOTIFY_PLAYLISTS has 'spotify:album:1b', which is no playlist: write mine, or playlist ids, links or "
                "spotify:playlist: addresses with commas between them."
            ),
        ),
        (
            {"SPOTIFY_PLAYLISTS": "../x"},
            (
                "SPOTIFY_PLAYLISTS has '../x', which is no playlist: write mine, or playlist ids, links or "
                "spotify:playlist: addresses with commas between them."
            ),
        ),
        (
            {"SPOTIFY_LIKED_SONGS": "perhaps"},
            "SPOTIFY_LIKED_SONGS is 'perhaps': write yes to read the liked songs too, or no.",
        ),
        (
            {"FORCE_FULL_EVERY_DAYS": "0"},
            "FORCE_FULL_EVERY_DAYS is '0': write after how many days all is read anew, 1 to 9999.",
        ),
        (
            {"SPOTIFY_SECRET_ARN": ""},
            (
                "SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET, SPOTIFY_REFRESH_TOKEN not set: on AWS set "
                "SPOTIFY_SECRET_ARN to the secret's ARN, on one machine set SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET "
                "and SPOTIFY_REFRESH_TOKEN."
            ),
        ),
        (
            {"SPOTIFY_REFRESH_TOKEN": "r"},
            (
                "SPOTIFY_SECRET_ARN is set, and SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET or SPOTIFY_REFRESH_TOKEN "
                "too: on AWS keep the first alone, on one machine the three."
            ),
        ),
        (
            {"SPOTIFY_API_URL": "api.spotify.com"},
            "SPOTIFY_API_URL is 'api.spotify.com': write a URL that starts with https://, or remove the variable.",
        ),
        (
            {"SPOTIFY_ACCOUNTS_URL": "ftp://x"},
            "SPOTIFY_ACCOUNTS_URL is 'ftp://x': write a URL that starts with https://, or remove the variable.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(changes: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env(GOOD | changes)

    assert str(raised.value) == message
