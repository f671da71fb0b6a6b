"""What can go wrong when Spotify is asked, told apart by what a person can do about it."""

from collections.abc import Mapping
from typing import Final, Literal

Kind = Literal[
    "not_owner",
    "editorial",
    "removed",
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
    "not_owner": (
        "apps in development mode see the contents only of playlists that their user owns or collaborates on; copy its "
        "songs into a playlist of your own, or take it out of the settings"
    ),
    "editorial": (
        "Spotify's own playlists are closed to new apps since November 2024; copy its songs into a playlist of your "
        "own, and take this one out of the settings"
    ),
    "removed": "there is no such playlist any more, or it is private; check the id, or take it out of the settings",
    "not_allow_listed": "add the user to the app's users (User Management) in Spotify's Developer Dashboard",
    "premium_lapsed": "the app's owner needs Spotify Premium; the app works again once the subscription does",
    "wrong_scope": "the login does not allow this; run `make login` again",
    "rate": "Spotify asks to slow down; the next run goes on where this one stopped",
    "quota": "the app's daily quota is used up; runs wait until Spotify answers again",
    "budget": "the run's own budget of calls per 24 hours is used up; the next runs go on",
    "server": "Spotify stumbled; the next run tries again",
    "malformed": "Spotify's answer was not what it should be; the next run tries again",
    "redirect": (
        "redirects are not followed; check SPOTIFY_API_URL and SPOTIFY_ACCOUNTS_URL, and whether a proxy or a sign-in "
        "page of the network answers for Spotify"
    ),
    "auth": "run `make login`",
}
# The next playlist would meet the same; what is left is the next run's.
ENDS_THE_RUN: Final = frozenset({"rate", "quota", "budget", "auth"})
# Nobody's fault: a run that these end has ended in order.
LIMITS: Final = frozenset({"rate", "quota", "budget"})
REFUSALS: Final = frozenset({"not_owner", "editorial", "removed", "not_allow_listed", "premium_lapsed", "wrong_scope"})
_EDITORIAL = "37i9dQ"  # how the ids of Spotify's own playlists begin


class SpotifyError(Exception):
    """An answer that is no answer; `kind` says what it means, the message what Spotify said, without secrets.

    `retry_after` are seconds, where Spotify named them; `is_passing`: asking the same again may well succeed.
    """

    def __init__(self, message: str, kind: Kind, *, retry_after: float | None = None, is_passing: bool = False) -> None:
        """The message carries no more of the answer than its beginning."""
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
        self.is_passing = is_passing


class InconsistentReadError(Exception):
    """The answers do not make one complete and consistent read; the message says what does not fit."""


class OutOfTimeError(Exception):
    """There is no time for what was to be asked; nothing is wrong with it."""


def refusal(status: int, text: str, reason: object, playlist_id: str | None) -> Kind:
    """What an answer with this status means; `text` is what it says, `playlist_id` whose path was asked.

    Sources: Spotify's reference (403 and 404 of playlists), its blog of 2024-11-27 (editorial lists), its changes of
    July 2026 (QUOTA_EXCEEDED); the wording of 403s as users report it.
    """
    if status == 403:  # noqa: PLR2004  (HTTP's own numbers, here and below)
        return _forbidden(text.lower())
    if status == 404:  # noqa: PLR2004
        return "editorial" if (playlist_id or "").startswith(_EDITORIAL) else "removed"
    if status == 429:  # noqa: PLR2004
        return "quota" if reason == "QUOTA_EXCEEDED" else "rate"
    if status == 401:  # noqa: PLR2004
        return "auth"
    return "server" if status >= 500 else "malformed"  # noqa: PLR2004


def _forbidden(text: str) -> Kind:
    if "premium" in text:
        return "premium_lapsed"
    if "scope" in text:
        return "wrong_scope"
    if any(words in text for words in ("dashboard", "not registered", "allowlist", "allow list")):
        return "not_allow_listed"
    return "not_owner"
