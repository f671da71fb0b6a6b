"""The kinds of errors in Spotify's answers, each with its advice for the user."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

# What the request was for: the login's own data (account), or a playlist, by its owner.
Subject = Literal["account", "own", "other", "spotify"]
Kind = Literal[
    "app_refused",
    "account_not_found",
    "own_not_found",
    "not_owner",
    "editorial",
    "removed",
    "invalid_id",
    "not_allow_listed",
    "premium_lapsed",
    "wrong_scope",
    "rate",
    "quota",
    "budget",
    "server",
    "malformed",
    "redirect",
    "auth",
]

ADVICE: Final[Mapping[Kind, str]] = {
    "app_refused": (
        "Spotify refuses access to the login's own data; check in its Developer Dashboard that the user is in the "
        "app's user list (User Management), that the app's owner has Premium, and that the app is not restricted"
    ),
    "account_not_found": (
        "Spotify does not find the login's own data; check SPOTIFY_API_URL, then in the Developer Dashboard whether "
        "the app is restricted; the next run tries again"
    ),
    "own_not_found": (
        "the library shows this playlist, but Spotify does not return its contents; the next run tries again"
    ),
    "not_owner": (
        "apps in development mode see the contents only of playlists that their user owns or collaborates on; copy its "
        "songs into a playlist of your own, or remove it from the settings"
    ),
    "editorial": (
        "Spotify's own playlists are closed to new apps since November 2024; copy its songs into a playlist of your "
        "own, and remove this one from the settings"
    ),
    "removed": "the playlist does not exist any more, or it is private; check the id, or remove it from the settings",
    "invalid_id": "Spotify knows no playlist with such an id; check the id in the settings",
    "not_allow_listed": "add the user to the app's users (User Management) in Spotify's Developer Dashboard",
    "premium_lapsed": "the app's owner needs Spotify Premium; the app works again once the owner subscribes",
    "wrong_scope": "the login does not allow this; run `make login` again",
    "rate": "Spotify asks to slow down; the next run continues where this one stopped",
    "quota": "the app's daily quota is used up; runs wait until Spotify answers again",
    "budget": "the run's own budget of calls per 24 hours is used up; the next runs continue",
    "server": "Spotify had an error, or could not be reached; the next run tries again",
    "malformed": "Spotify's answer was malformed; the next run tries again",
    "redirect": (
        "redirects are not followed; check SPOTIFY_API_URL and SPOTIFY_ACCOUNTS_URL, and whether a proxy or a sign-in "
        "page of the network answers for Spotify"
    ),
    "auth": "run `make login`",
}
# After these errors every further request would fail, too. The next run reads the remaining playlists.
ENDS_THE_RUN: Final = frozenset({"rate", "quota", "budget", "auth"})
# A run that one of these limits ends has not failed.
LIMITS: Final = frozenset({"rate", "quota", "budget"})
# Spotify refuses to show something. A later page of a playlist is requested again after such an answer: its first page
# was shown, so the refusal may pass.
REFUSALS: Final = frozenset(
    {
        "app_refused",
        "account_not_found",
        "own_not_found",
        "not_owner",
        "editorial",
        "removed",
        "not_allow_listed",
        "premium_lapsed",
        "wrong_scope",
    }
)


class _Rule(NamedTuple):
    """The kind of answers with this status. Their text must contain one of `words`, their subject be in `subjects`."""

    status: int
    kind: Kind
    words: tuple[str, ...] = ("",)
    subjects: frozenset[Subject] = frozenset({"account", "own", "other", "spotify"})


_ACCOUNT, _OWN, _SPOTIFYS = (frozenset[Subject]({subject}) for subject in ("account", "own", "spotify"))
# The first rule that matches decides. Sources: Spotify's reference (403 and 404 of playlists), its blog of 2024-11-27
# (editorial playlists), its changes of July 2026 (QUOTA_EXCEEDED); the wording of 400s and 403s as users report it.
_RULES: Final = (
    _Rule(400, "auth", ("bearer", "access token")),
    _Rule(400, "invalid_id", ("playlist id", "base62")),
    _Rule(401, "auth"),
    _Rule(403, "premium_lapsed", ("premium",)),
    _Rule(403, "wrong_scope", ("scope",)),
    _Rule(403, "not_allow_listed", ("dashboard", "not registered", "allowlist", "allow list")),
    _Rule(403, "app_refused", subjects=_ACCOUNT | _OWN),
    _Rule(403, "editorial", subjects=_SPOTIFYS),
    _Rule(403, "not_owner"),
    _Rule(404, "account_not_found", subjects=_ACCOUNT),
    _Rule(404, "own_not_found", subjects=_OWN),
    _Rule(404, "editorial", subjects=_SPOTIFYS),
    _Rule(404, "removed"),
    _Rule(429, "quota", ("quota_exceeded",)),
    _Rule(429, "rate"),
)


class SpotifyError(Exception):
    """A failed request: `kind` says what it means, the message how Spotify's answer begins, without secrets.

    `retry_after` is in seconds, None if Spotify did not send it. `is_passing`: the same request may succeed later.
    `is_slow`: the answer took longer than its limit.
    """

    def __init__(
        self,
        message: str,
        kind: Kind,
        *,
        retry_after: float | None = None,
        is_passing: bool = False,
        is_slow: bool = False,
    ) -> None:
        """The message must not contain the whole answer."""
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
        self.is_passing = is_passing
        self.is_slow = is_slow


class LoginError(Exception):
    """The login failed; the message says why and what to do, and has no secret."""


class InconsistentReadError(Exception):
    """The answers do not add up to a complete and consistent read; the message says why."""


class OutOfTimeError(Exception):
    """Too little time is left for the request."""


def with_advice(error: SpotifyError) -> str:
    """The error and what to do about it, as one sentence; errors of a refused login already contain the advice."""
    text = str(error)
    return text if "make login" in text else f"{text.removesuffix('.')}; {ADVICE[error.kind]}."


def kind_of(status: int, text: str, subject: Subject) -> Kind:
    """What an answer with this status means; `text` is its text, `subject` what the request was for."""
    lower = text.lower()
    for rule in _RULES:
        if status == rule.status and subject in rule.subjects and any(word in lower for word in rule.words):
            return rule.kind
    return "server" if status >= 500 else "malformed"  # noqa: PLR2004  # HTTP's own number
