# Writes nearest.txt: functions, arguments and the nearest float64, by mpmath with 400 bits.
#
#   python3 nearest.py > nearest.txt
import math
import random

import mpmath

mpmath.mp.prec = 400
random.seed(1)


def spread(low, high, about=0.0):
    """Numbers between low and high, many of them near a point."""
    near = [about + random.choice([-1, 1] if low < about else [1]) * random.random() * 2.0 ** -random.randrange(1, 40) for _ in range(10)]
    return [x for x in near if low < x < high] + [random.uniform(low, high) for _ in range(14)]


angles = spread(-10, 10) + spread(-1e6, 1e6) + [math.pi, math.pi / 2, 1e22, 1.7e308, 6381956970095103 * 2.0**797]
arguments = {
    "exp": spread(-20, 20) + [709.7, -708.0, -740.5, 1e-300],
    "log": spread(0, 100, 1) + [5e-324, 1e-310, 1e308, 1.0],
    "sin": angles,
    "cos": angles,
    "tan": angles,
    "asin": spread(-1, 1) + spread(0, 1, 0.999) + [1.0, math.nextafter(1, 0), 0.5],
    "acos": spread(-1, 1) + spread(0, 1, 0.999) + [1.0, math.nextafter(1, 0), 0.5, -1.0],
    "atan": spread(-20, 20) + spread(0, 2, 1) + [1e200, 1e-200],
    "sinh": spread(-20, 20) + [710.2],
    "cosh": spread(-20, 20) + [710.2],
    "tanh": spread(-20, 20) + [0.3, 39.9],
    "asinh": spread(-20, 20) + [1e300, 1e-10],
    "acosh": spread(1, 20, 1) + [1e300, math.nextafter(1, 2)],
    "atanh": spread(-1, 1) + [math.nextafter(1, 0)],
    "gamma": spread(0, 20) + spread(-30, 0, -1) + [171.6, 150.3, 5.0, 0.5, -170.3],
    "pow": [(x, random.uniform(-20, 20)) for x in spread(0, 50, 1)] + [(9.0, 1.5), (3.0, 2.0), (796.0, 7.0), (94906267.0, 2.0), (1e-10, -30.5), (-3.0, 3.0)],
    "atan2": [(y, random.uniform(-5, 5)) for y in spread(-5, 5)] + [(1e-300, 1e-301), (1e300, -1e-300), (1e-320, -3.0)],
    "hypot": [(y, random.uniform(-5, 5)) for y in spread(-5, 5)] + [(3.0, 4.0), (1e300, 1e300), (1e-320, 1e-320)],
}
print("# made by nearest.py")
for name, list_ in arguments.items():
    for x in list_:
        x = x if isinstance(x, tuple) else (x,)
        function = {"pow": mpmath.power}.get(name) or getattr(mpmath, name)
        print(name, *(a.hex() for a in x), float(function(*map(mpmath.mpf, x))).hex())
