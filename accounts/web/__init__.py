"""The doors: signing in and out, and the guard that every view declares itself to."""
