"""What traffic of itself hardly ever brings, put in the ego car's way on purpose: twenty kinds of rare trouble."""
