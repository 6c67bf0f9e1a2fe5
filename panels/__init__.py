"""One file a panel. The file's name is its `type` in config.toml."""
