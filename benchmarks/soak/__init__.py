"""The soak: the wall through an accelerated day, with everything falling that can fall.

The real web process, a real Redis, a real Chromium; the day's readings go straight to the bus.
A second web process, the witness, lives through the whole day and is never killed.
"""
