"""Streets: importers, generators and the lane graph they all become."""
