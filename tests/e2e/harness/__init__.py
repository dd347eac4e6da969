"""What the end-to-end tests and the recordings player have in common."""
