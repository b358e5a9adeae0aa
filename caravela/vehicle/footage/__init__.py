"""Real footage as the driver may see it: read, warped into its rig, drawn on. Imports no torch."""
