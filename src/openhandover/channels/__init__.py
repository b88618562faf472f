"""The user side: one folder per type of channel."""
