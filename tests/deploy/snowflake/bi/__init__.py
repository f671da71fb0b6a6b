"""Tests of the views that people and BI tools read."""
