"""The driving world: maps, traffic, physics, cameras and reward, many worlds in one batch, the same bits for the same seed."""
