"""The tool of `conformance.lat`."""

import time


def pause(say):
    time.sleep(0.05)
    return say
