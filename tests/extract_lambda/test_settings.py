"""Settings from the environment and the configuration document, and the errors for invalid ones."""

from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from extract_lambda.credentials import EnvironmentStore, FileStore, SecretsManagerStore
from extract_lambda.settings import Settings, SettingsError

ARN = "arn:aws:secretsmanager:eu-west-1:1:secret:spotify"
GOOD = {"LAKE_URI": "s3://bucket/lake", "SPOTIFY_SECRET_ARN": ARN}
A, B, C, D = "37i9dQZF1DXcBWIGoYBM5M", "1b" + 20 * "0", "1c" + 20 * "0", "1d" + 20 * "0"
PLACES = (
    "on AWS set SPOTIFY_SECRET_ARN to the secret's ARN, on one machine SPOTIFY_CREDENTIALS_FILE to the file that "
    "`make login` wrote, or SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET and SPOTIFY_REFRESH_TOKEN."
)


def test_few_settings_are_required() -> None:
    settings = Settings.from_env(GOOD | {"SPOTIFY_PLAYLISTS": " "})

    assert (settings.lake, settings.playlists, settings.liked_songs) == ("s3://bucket/lake", ("mine",), False)
    assert (settings.full_every, settings.min_request_interval, settings.calls_per_day) == (
        timedelta(days=30),
        0.2,
        500,
    )
    assert (settings.api_url, settings.accounts_url) == ("https://api.spotify.com/v1", "https://accounts.spotify.com")
    assert settings.credential_store == SecretsManagerStore(ARN)


def test_every_setting_can_be_set() -> None:
    settings = Settings.from_env(
        {
            "LAKE_URI": "out/lake",
            "SPOTIFY_CLIENT_ID": "i",
            "SPOTIFY_CLIENT_SECRET": "s",
            "SPOTIFY_REFRESH_TOKEN": "r",
            "SPOTIFY_LIKED_SONGS": "Yes",
            "FORCE_FULL_EVERY_DAYS": "7",
            "SPOTIFY_MIN_REQUEST_INTERVAL": "0.5",
            "SPOTIFY_CALLS_PER_DAY": "1200",
            "SPOTIFY_API_URL": "http://127.0.0.1:1/v1/",
            "SPOTIFY_ACCOUNTS_URL": "http://127.0.0.1:2",
            "SPOTIFY_PLAYLISTS": (
                f"{A}, spotify:playlist:{B}, spotify:user:me:playlist:{C} mine "
                f"https://open.spotify.com/intl-de/playlist/{D}?si=x,https://open.spotify.com/playlist/{B}"
            ),
        }
    )

    assert settings.playlists == (A, B, C, "mine", D)
    assert (settings.liked_songs, settings.full_every) == (True, timedelta(days=7))
    assert (settings.min_request_interval, settings.calls_per_day) == (0.5, 1200)
    assert (settings.api_url, settings.accounts_url) == ("http://127.0.0.1:1/v1", "http://127.0.0.1:2")
    assert isinstance(settings.credential_store, EnvironmentStore)
    assert settings.credential_store.load().client_secret == "s"
    assert "'s'" not in repr(settings)


def test_the_credentials_may_be_in_a_file() -> None:
    settings = Settings.from_env({"LAKE_URI": "x", "SPOTIFY_CREDENTIALS_FILE": "/somewhere/login.json"})

    assert settings.credential_store == FileStore(Path("/somewhere/login.json"))


@pytest.mark.parametrize(
    ("place", "store"),
    [
        ({"SPOTIFY_CREDENTIALS_FILE": "/somewhere/login.json"}, FileStore(Path("/somewhere/login.json"))),
        ({"SPOTIFY_SECRET_ARN": ARN}, SecretsManagerStore(ARN)),
    ],
)
@pytest.mark.parametrize(
    "app",
    [
        {"SPOTIFY_CLIENT_ID": "i", "SPOTIFY_CLIENT_SECRET": "s"},
        {"SPOTIFY_CLIENT_ID": "i"},
        {"SPOTIFY_CLIENT_SECRET": "s"},
    ],
)
def test_the_app_for_make_login_may_be_set_beside_the_credential_store(
    place: dict[str, str], store: object, app: dict[str, str]
) -> None:
    assert Settings.from_env({"LAKE_URI": "x"} | place | app).credential_store == store


TOML = f"""
lake = "s3://bucket/other"
playlists = ["mine", "spotify:playlist:{B}"]
liked_songs = true
full_every_days = 10
min_request_interval = 1
calls_per_day = 300
"""
JSON = (
    f'{{"lake": "s3://bucket/other", "playlists": ["mine", "https://open.spotify.com/playlist/{B}"], '
    '"liked_songs": true, "full_every_days": 10, "min_request_interval": 1.0, "calls_per_day": 300}'
)


def is_as_configured(settings: Settings) -> bool:
    return (
        settings.playlists,
        settings.liked_songs,
        settings.full_every,
        settings.min_request_interval,
        settings.calls_per_day,
    ) == (("mine", B), True, timedelta(days=10), 1.0, 300)


@pytest.mark.parametrize("text", [TOML, JSON])
def test_a_document_in_the_environment_or_in_a_file_sets_everything(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(text)

    for place in (text, str(file)):
        settings = Settings.from_env({"SPOTIFY_SECRET_ARN": ARN, "SPOTIFY_CONFIG": place})
        assert is_as_configured(settings)
        assert settings.lake == "s3://bucket/other"


def test_a_variable_overrides_the_document() -> None:
    settings = Settings.from_env(
        GOOD | {"SPOTIFY_CONFIG": TOML, "SPOTIFY_CALLS_PER_DAY": "7", "SPOTIFY_LIKED_SONGS": "no"}
    )

    assert (settings.lake, settings.calls_per_day, settings.liked_songs) == ("s3://bucket/lake", 7, False)


def test_a_line_of_toml_is_a_document() -> None:
    settings = Settings.from_env(GOOD | {"SPOTIFY_CONFIG": f'playlists = ["{B}"]'})

    assert settings.playlists == (B,)


@pytest.mark.usefixtures("aws")
def test_the_document_may_be_in_the_parameter_store() -> None:
    with mock_aws():
        boto3.client("ssm").put_parameter(Name="/spotify/config", Value=TOML, Type="SecureString")

        assert is_as_configured(Settings.from_env(GOOD | {"SPOTIFY_CONFIG": "ssm:/spotify/config"}))


@pytest.mark.usefixtures("aws")
def test_a_missing_parameter_is_named() -> None:
    message = (
        r"^SPOTIFY_CONFIG names the parameter /no, which cannot be read \(.*ParameterNotFound.*\): check the name "
    )
    with mock_aws(), pytest.raises(SettingsError, match=message):
        Settings.from_env(GOOD | {"SPOTIFY_CONFIG": "ssm:/no"})


def refused(changes: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env(GOOD | changes)
    return str(raised.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"LAKE_URI": ""}, "LAKE_URI is not set: set it to the lake, s3://bucket/prefix or a folder."),
        (
            {"SPOTIFY_LIKED_SONGS": "perhaps"},
            "SPOTIFY_LIKED_SONGS: 'perhaps' is neither: write yes or no.",
        ),
        (
            {"FORCE_FULL_EVERY_DAYS": "0"},
            (
                "FORCE_FULL_EVERY_DAYS: 0 is no number of days: write after how many days everything is read again, "
                "1 to 9999."
            ),
        ),
        (
            {"SPOTIFY_MIN_REQUEST_INTERVAL": "soon"},
            (
                "SPOTIFY_MIN_REQUEST_INTERVAL: 'soon' is no number of seconds: write the interval between two calls, "
                "0 to 60."
            ),
        ),
        (
            {"SPOTIFY_MIN_REQUEST_INTERVAL": "61"},
            (
                "SPOTIFY_MIN_REQUEST_INTERVAL: 61 is no number of seconds: write the interval between two calls, "
                "0 to 60."
            ),
        ),
        (
            {"SPOTIFY_CALLS_PER_DAY": "0"},
            (
                "SPOTIFY_CALLS_PER_DAY: 0 is no number of calls: write how many of one kind are allowed within "
                "24 hours, from 1."
            ),
        ),
        (
            {"SPOTIFY_SECRET_ARN": ""},
            f"SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET, SPOTIFY_REFRESH_TOKEN not set: {PLACES}",
        ),
        (
            {"SPOTIFY_REFRESH_TOKEN": "r"},
            f"SPOTIFY_SECRET_ARN, SPOTIFY_REFRESH_TOKEN are set, but credentials come from one place: {PLACES}",
        ),
        (
            {"SPOTIFY_CREDENTIALS_FILE": "f"},
            f"SPOTIFY_SECRET_ARN, SPOTIFY_CREDENTIALS_FILE are set, but credentials come from one place: {PLACES}",
        ),
        (
            {"SPOTIFY_API_URL": "api.spotify.com"},
            (
                "SPOTIFY_API_URL: 'api.spotify.com' is no URL: write one that starts with https://, or remove the "
                "variable."
            ),
        ),
        (
            {"SPOTIFY_ACCOUNTS_URL": "ftp://x"},
            "SPOTIFY_ACCOUNTS_URL: 'ftp://x' is no URL: write one that starts with https://, or remove the variable.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(changes: dict[str, str], message: str) -> None:
    assert refused(changes) == message


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (
            f"spotify:album:{B}",
            f"'spotify:album:{B}' is no playlist but of type album: only playlists and liked songs ",
        ),
        (
            f"https://open.spotify.com/intl-de/track/{B}",
            f"'https://open.spotify.com/intl-de/track/{B}' is no playlist but of type track: only playlists and liked ",
        ),
        (
            "https://open.spotify.com/collection/tracks",
            (
                "'https://open.spotify.com/collection/tracks' are the liked songs, not a playlist: set liked_songs (or "
                "SPOTIFY_LIKED_SONGS=yes) instead."
            ),
        ),
        ("37i9dQ", "'37i9dQ' is no playlist: an id has 22 letters and digits, '37i9dQ' has 6."),
        (
            "../x",
            (
                "'../x' is no playlist: write mine, or playlist ids, links such as "
                "https://open.spotify.com/playlist/… or "
                "spotify:playlist: addresses."
            ),
        ),
    ],
)
def test_an_invalid_playlist_is_named_with_what_to_do(word: str, message: str) -> None:
    assert refused({"SPOTIFY_PLAYLISTS": f"{A},{word}"}).startswith(f"SPOTIFY_PLAYLISTS: {message}")
    assert refused({"SPOTIFY_CONFIG": f'playlists = ["{word}"]'}).startswith(f"SPOTIFY_CONFIG: playlists: {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"playlist": []}', "SPOTIFY_CONFIG: 'playlist' is not known: did you mean 'playlists'?"),
        (
            "colour = 1",
            (
                "SPOTIFY_CONFIG: 'colour' is not known: known are answer_mib, answer_seconds, calls_per_day, "
                "full_every_days, keep_people, lake, liked_songs, min_request_interval, playlists."
            ),
        ),
        (
            "playlists = []",
            (
                'SPOTIFY_CONFIG: playlists: [] is no list: write "mine", or playlist ids, links or spotify:playlist: '
                "addresses."
            ),
        ),
        ("liked_songs = 1", "SPOTIFY_CONFIG: liked_songs: 1 is neither true nor false."),
        (
            "full_every_days = true",
            (
                "SPOTIFY_CONFIG: full_every_days: True is no number of days: write after how many days everything is "
                "read again, 1 to 9999."
            ),
        ),
        (
            'min_request_interval = "1"\ncalls_per_day = 1.5\nlake = ""',
            (
                "SPOTIFY_CONFIG: min_request_interval: '1' is no number of seconds: write the interval between two "
                "calls, 0 to "
                "60. calls_per_day: 1.5 is no number of calls: write how many of one kind are allowed within 24 "
                "hours, "
                "from 1. lake: '' is no lake: write s3://bucket/prefix or a folder."
            ),
        ),
        ('{"playlists": ', "SPOTIFY_CONFIG is no JSON: Expecting value: line 1 column 14 (char 13)."),
        ("playlists = [", "SPOTIFY_CONFIG is no TOML: "),
        ("/no/such/file.toml", "SPOTIFY_CONFIG names the file /no/such/file.toml, which cannot be read (No such file"),
    ],
)
def test_all_errors_of_a_document_are_named(text: str, message: str) -> None:
    assert refused({"SPOTIFY_CONFIG": text}).startswith(message)


def test_a_file_that_is_no_document_is_named(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text("[1]")
    assert refused({"SPOTIFY_CONFIG": str(file)}) == f"The file {file} is JSON but no object: write {{...}}."
    file.write_bytes(b"\xff\xfe\x00")
    assert refused({"SPOTIFY_CONFIG": str(file)}) == (
        f"SPOTIFY_CONFIG names the file {file}, which cannot be read (no text in UTF-8): check the path."
    )
