"""What traffic of itself hardly ever brings, put in the ego car's way on purpose: the kinds of rare trouble."""
