"""Fingerprint machines: their protocols, their list, and the judgement of a day."""
