"""Tests of the commands for a lake and a warehouse in use."""
