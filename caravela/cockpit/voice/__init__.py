"""Voice: wake word, voice activity, speech recognition, reply by speech. All on this machine, all optional (the extra `voice`)."""
