"""Complaints: what a source says of one, and the doors through which it is said."""
