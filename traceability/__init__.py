"""Where it came from: lots, batches, events, codes, the public page of a batch."""
