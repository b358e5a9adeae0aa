"""Scores any policy in any world: suites, baselines, metrics, statistics and the tables made of them."""
