"""Who answers while the floor is the bot's: one folder per kind. The flow bot is in `flow`."""
