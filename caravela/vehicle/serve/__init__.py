"""Our driver in other people's worlds: a policy behind AlpaSim's egodriver contract, over gRPC. Their cameras are warped into the
policy's rig, their ego motion and route become an `Observation`, and the plan goes back in their frame and at their times."""
