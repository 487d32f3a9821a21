"""What looks across everything: recalls reach lots, stock, notes and sales at once."""
