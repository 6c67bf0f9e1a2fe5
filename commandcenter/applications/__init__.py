"""E-government applications over HTTP, looked at as a citizen's browser would look."""
