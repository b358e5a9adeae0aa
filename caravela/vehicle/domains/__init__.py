"""Driving, cockpit, powertrain and chassis on one typed bus, and the plan that takes all four into account."""
