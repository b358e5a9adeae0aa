"""What the page sees of a tick: the packet that travels, the large picture and its camera, the map's lines."""
