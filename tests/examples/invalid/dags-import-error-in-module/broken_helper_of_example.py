thing = 1 / 0
