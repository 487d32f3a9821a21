"""All scenes: importing them enters them in the book."""

import goods_craft
import goods_drink
import goods_dry
import goods_food
import land
import makers
import points
import steps
import villages
from book import PICTURES

__all__ = [
    "PICTURES",
    "goods_craft",
    "goods_drink",
    "goods_dry",
    "goods_food",
    "land",
    "makers",
    "points",
    "steps",
    "villages",
]
