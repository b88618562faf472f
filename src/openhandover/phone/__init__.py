"""The phone channel at work: the routes that Twilio calls, and what they answer."""
