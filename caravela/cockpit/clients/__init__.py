"""The car open to other agents: what they are offered, who has allowed it, how often they may ask, and the record of it all."""
