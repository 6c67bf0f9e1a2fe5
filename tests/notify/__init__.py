"""Notification: who is told what, when, and that it arrives."""
