"""Asks the Spotify Web API for playlists and puts what it answers into the lake, whole or not at all."""

from shared.interrupts import explain_early_interrupt

explain_early_interrupt()
