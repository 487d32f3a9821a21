"""The Ba Tơ data set: public facts, and around them samples that say that they are samples."""
