"""Who owes whom: a journal of money, one balanced entry for each thing that happened."""
