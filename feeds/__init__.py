"""Feeds: one file a source, its name is the `type` in config.toml (commandcenter/feed.py)."""
