"""The cockpit: an agent that understands what people in the car say, serves them, offers what helps, and asks driving by `Request`."""
