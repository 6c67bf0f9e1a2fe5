"""The web process: pages, the live push, snapshots, health and the console."""
