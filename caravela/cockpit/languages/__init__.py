"""German and Chinese for the cockpit's agent: what is said becomes an English request, and goes the way of every English request."""
