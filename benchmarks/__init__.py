"""Measures of speed and quality; see run.py and retrieval.py."""
