"""Learning: the teacher by self-play, the driver by on-policy distillation. Long runs, resumable, with their curves kept."""
