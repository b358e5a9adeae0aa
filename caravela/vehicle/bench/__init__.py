"""What the exported model costs on this machine: latency, operations, utilisation, memory, energy and information density, and what a
described chip would make of it. Torch-free, and without the `onnx` package: graphs are read and cut here."""
