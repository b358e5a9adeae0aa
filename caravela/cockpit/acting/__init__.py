"""From intents to deeds: everything passes one gate, and is remembered, so that it can be answered to, put right or taken back."""
