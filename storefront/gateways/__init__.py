"""Ways to pay, each behind a port: no tables and no HTTP of ours in here, plain values in and out."""
