"""What runs in the car: exported policies, the recorder. Imports no torch."""
