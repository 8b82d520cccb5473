def shorten(text):
    return text[:10]
