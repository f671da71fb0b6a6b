"""Asks the Spotify Web API for playlists and puts what it answers into the lake, whole or not at all."""
