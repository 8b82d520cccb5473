"""Running a workflow many times in a made-up world: any values, faults, crashes and orders; and what must hold of all of them."""
