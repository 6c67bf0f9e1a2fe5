"""What must not be lost, in SQL: one module a subject, functions over a connection."""
