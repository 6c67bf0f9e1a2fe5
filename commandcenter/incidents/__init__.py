"""Rules, judgement and incidents: what needs a person, told once."""
