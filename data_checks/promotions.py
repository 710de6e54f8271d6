"""The suite for candidates for promotion: that for applicants, under its own numbers."""

from __future__ import annotations

from data_checks.applicants import KEYS, build

__all__ = ["KEYS", "PREFIX", "build"]

PREFIX = "P"
