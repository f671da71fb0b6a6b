"""Reads playlists from the Spotify Web API and stores each in the lake, whole or not at all."""

from shared.interrupts import explain_early_interrupt

explain_early_interrupt()
