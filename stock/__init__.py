"""How much of which lot is where, and whose it is."""
