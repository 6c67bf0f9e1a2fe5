"""Where things are: from degrees to a sheet that a panel draws."""
