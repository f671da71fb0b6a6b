"""A stub of the Spotify Web API as it is since February 2026, with a made-up listener whose playlists change daily."""

from deploy.local.spotify.catalogue import Catalogue
from deploy.local.spotify.server import SpotifyStub

__all__ = ["Catalogue", "SpotifyStub"]
