"""How good the cockpit is: tasks and their deterministic grader, judges of drives, simulated days."""
