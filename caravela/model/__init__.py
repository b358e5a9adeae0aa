"""The driving model: cameras, ego motion, route and words in; K trajectories, their values and a risk out. Needs torch."""
