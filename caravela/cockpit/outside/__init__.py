"""Things outside the car: how people speak of them, and what the car sees and says of them."""
