"""HTTP: it translates requests into commands of the engine and answers into JSON. No rule of the product lives here."""
