"""Types, units, frames and protocols that every other folder speaks. numpy only."""
