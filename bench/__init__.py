"""Speed, as ratios in one run: ``make bench``. Never asserted in tests: a busy machine has no seconds."""
