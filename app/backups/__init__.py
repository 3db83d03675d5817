"""Backups of an installation: made while the server runs, checked, and restored into an empty place."""
