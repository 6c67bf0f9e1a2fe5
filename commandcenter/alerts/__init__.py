"""Alerts of other systems: what each sender's message says, and the doors it comes through."""
