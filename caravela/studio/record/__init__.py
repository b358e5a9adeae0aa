"""What is kept of a drive: the timeline with its clips, the recording, a film."""
