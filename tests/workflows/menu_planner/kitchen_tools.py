"""What a kitchen cannot get."""


def missing(dishes):
    return [dish for dish in dishes if dish == "unicorn"]
