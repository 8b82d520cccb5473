"""Arithmetic of loans."""


def monthly_rate(amount, years, rate):
    months, monthly = years * 12, rate / 12
    return amount * monthly / (1 - (1 + monthly) ** -months)
