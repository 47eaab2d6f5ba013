# Drifts: an object without a text of its own is printed with its address.
class Handler:
    pass


print("handled by", Handler())
