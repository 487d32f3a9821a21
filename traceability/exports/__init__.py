"""What is known of lots, for others: read once (``gathering``), written in several forms (pure writers)."""
