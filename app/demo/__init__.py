"""The Ba Tơ demo set: its facts and texts as data, and what reads them."""
