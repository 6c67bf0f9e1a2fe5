"""The command centre: live operations of a regional government on one wall."""
