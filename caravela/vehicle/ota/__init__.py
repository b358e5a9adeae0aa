"""Over the air, the car's end: what a repository offers is verified (TUF), staged, swapped in when parked, tried, and kept or rolled back.

Read in this order: `state.py` (what the car knows about its versions, and every change of it), `car_folder.py` (how that survives a
power cut), `trust.py` (what the car believes of a repository), `self_test.py`, `updater.py` (the steps). `repository.py` is the other
end: it makes and signs what the car reads."""
