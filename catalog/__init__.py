"""What is sold: products and their versions, trade items, prices, photos, the programme's taxonomy."""
