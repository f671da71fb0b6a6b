"""Tests of the Lambda."""
