"""Messages about incidents, to those on duty: who is told what, when, and through which gateway."""
