"""One drive, tick by tick: the car that is driven, the street that it is on, and what its gauges show."""
