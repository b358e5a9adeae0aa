"""The drive in real time among its pages: the loop, what pages ask of it and what they are told."""
