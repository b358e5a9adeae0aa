"""The people in the car: the conversation, offers, other agents, and what the cabin is shown of the drive."""
