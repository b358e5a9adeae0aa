"""The server: its door, its guard, the websocket, and what is read once."""
