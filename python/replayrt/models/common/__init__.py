"""The reference's import paths."""
