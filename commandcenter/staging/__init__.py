"""What a display shows: walls and their scenes, their rotation, and what an operator told it."""
