"""Goods at a sales point that are still their producer's."""
