"""Everything about words: templates, system texts, languages, redaction, intents."""
