"""Tests of the commit log: kills, concurrent runs and races at every step."""
