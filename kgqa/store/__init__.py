"""Keeping what an index is made of: passages and documents in SQLite, and generations that survive crashes."""
