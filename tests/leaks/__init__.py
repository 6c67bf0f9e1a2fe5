"""Nothing that opens a door is ever said: the secrets of the whole suite, and the search for them.

A test declares a secret where it stands: `PASSWORD = secret("s3cret-of-the-camera")`. At the end
of the session everything that was said is searched for it (tests/leaks/plugin.py).
"""

from tests.leaks.registry import keep, not_ours, secret

__all__ = ["keep", "not_ours", "secret"]
