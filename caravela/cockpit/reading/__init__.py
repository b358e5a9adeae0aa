"""From free words to typed intents: clauses, the head that says what each means, and what is filled in."""
