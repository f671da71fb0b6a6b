"""The classes of errors in Spotify's answers: each has its own advice for the user."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Subject = Literal["account", "own", "other", "spotify"]  # what the request was for; of a playlist: who owns it
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
        "Spotify refuses what the login itself owns; check in its Developer Dashboard that the user is in the app's "
        "user list (User Management), that the app's owner has Premium, and that the app is not restricted"
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
        "songs into a playlist of your own, or take it out of the settings"
    ),
    "editorial": (
        "Spotify's own playlists are closed to new apps since November 2024; copy its songs into a playlist of your "
        "own, and take this one out of the settings"
    ),
    "removed": "there is no such playlist any more, or it is private; check the id, or take it out of the settings",
    "invalid_id": "Spotify knows no playlist with such an id; check the id in the settings",
    "not_allow_listed": "add the user to the app's users (User Management) in Spotify's Developer Dashboard",
    "premium_lapsed": "the app's owner needs Spotify Premium; the app works again once the subscription does",
    "wrong_scope": "the login does not allow this; run `make login` again",
    "rate": "Spotify asks to slow down; the next run goes on where this one stopped",
    "quota": "the app's daily quota is used up; runs wait until Spotify answers again",
    "budget": "the run's own budget of calls per 24 hours is used up; the next runs go on",
    "server": "Spotify had a server error; the next run tries again",
    "malformed": "Spotify's answer was malformed; the next run tries again",
    "redirect": (
        "redirects are not followed; check SPOTIFY_API_URL and SPOTIFY_ACCOUNTS_URL, and whether a proxy or a sign-in "
        "page of the network answers for Spotify"
    ),
    "auth": "run `make login`",
}
# The next playlist would fail in the same way; the next run reads what is left.
ENDS_THE_RUN: Final = frozenset({"rate", "quota", "budget", "auth"})
# Expected ends: a run that ends with one of these has not failed.
LIMITS: Final = frozenset({"rate", "quota", "budget"})
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
    """An answer with this status, about one of these subjects, whose text holds one of these words, is of this kind."""

    status: int
    kind: Kind
    words: tuple[str, ...] = ("",)
    subjects: frozenset[Subject] = frozenset({"account", "own", "other", "spotify"})


_ACCOUNT, _OWN, _SPOTIFYS = (frozenset[Subject]({subject}) for subject in ("account", "own", "spotify"))
# The first rule that fits decides. Sources: Spotify's reference (403 and 404 of playlists), its blog of 2024-11-27
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
    """A failed request; `kind` says what it means, the message what Spotify answered, without secrets.

    `retry_after` are seconds, where Spotify named them; `is_passing`: the same request may succeed later;
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
        """The message carries no more of the answer than its beginning."""
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
        self.is_passing = is_passing
        self.is_slow = is_slow


class LoginError(Exception):
    """The login failed; the message says why and what to do, and has no secret."""


class InconsistentReadError(Exception):
    """The answers do not make one complete and consistent read; the message says what does not fit."""


class OutOfTimeError(Exception):
    """Too little time is left for the request."""


def with_advice(error: SpotifyError) -> str:
    """The error and what to do about it, as one sentence; the error of a refused login already has the advice."""
    text = str(error)
    return text if "make login" in text else f"{text.removesuffix('.')}; {ADVICE[error.kind]}."


def kind_of(status: int, text: str, subject: Subject) -> Kind:
    """What an answer with this status means; `text` is its text, `subject` what the request was for."""
    lower = text.lower()
    for rule in _RULES:
        if status == rule.status and subject in rule.subjects and any(word in lower for word in rule.words):
            return rule.kind
    return "server" if status >= 500 else "malformed"  # noqa: PLR2004  # HTTP's own number
