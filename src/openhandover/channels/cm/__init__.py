"""A channel of CM.com: our bot is an adapter of its Conversational Router."""
