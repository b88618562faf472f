"""Translation engines behind one small port."""
