"""The table of operations, one row each: a table of derivatives that one can proof-read.

Here stand the operations of one, two or three arguments; those of a sequence are in `reductions`.

Partials are written with the table's own functions, never with Python's `/` and `**` (which raise on floats where IEEE 754
gives inf) and never with `if` (they hold as graphs and over lanes). Formulas that have no source named are in M. Abramowitz
and I. A. Stegun, Handbook of Mathematical Functions, chapters 4, 6 and 7.
"""

from __future__ import annotations

import math

from autograd_lite.engine import notation as forms
from autograd_lite.engine.domain import NONZERO, POSITIVE, REAL, each, integers, interval
from autograd_lite.engine.primitive import Operand, Scalar, bind_slopes, declare

LN2, LN10 = math.log(2.0), math.log(10.0)
TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)

# --- arithmetic ----------------------------------------------------------------------------------------------------------

add = declare("add", partials=(1.0, 1.0), domain=each(REAL, REAL), symbol="+", doc="x + y", notation=forms.PLUS)
subtract = declare("subtract", partials=(1.0, -1.0), domain=each(REAL, REAL), symbol="-", doc="x - y", notation=forms.MINUS)
multiply = declare(
    "multiply",
    partials=(lambda x, y, out: y, lambda x, y, out: x),
    domain=each(REAL, REAL),
    symbol="×",
    doc="x · y",
    notation=forms.TIMES,
)
divide = declare(
    "divide",
    partials=(lambda x, y, out: divide(1.0, y), lambda x, y, out: -divide(out, y)),
    domain=each(REAL, NONZERO),
    symbol="/",
    doc="x / y",
    notation=forms.QUOTIENT,
)
pow = declare(
    "pow",
    partials=(
        lambda x, y, out: _power_slope(x, y),
        lambda x, y, out: choose(equal(x, 0.0) * less_equal(0.0, y), 0.0, out * log(x)),
    ),
    domain=each(POSITIVE, REAL),
    symbol="**",
    doc="x to the power y",
    notation=forms.RAISED,
)


def _power_slope(x: Scalar, y: Scalar) -> Scalar:
    """y·x**(y - 1), and 0 at y = 0, where that may be 0·∞; a variable y keeps its derivative where the power is finite."""
    power, flat = pow(x, y - 1.0), equal(y, 0.0)
    if isinstance(y, Operand):
        flat = flat * (1.0 - less(abs(power), math.inf))
    return choose(flat, 0.0, y * power)


remainder = declare(
    "remainder",
    partials=(1.0, lambda x, y, out: round(divide(out - x, y))),
    domain=each(REAL, NONZERO).where(lambda x, y: x / y != math.floor(x / y), "x / y not whole"),
    symbol="%",
    doc="x - floor(x / y)·y, with the sign of y",
    notation=forms.MODULO,
)
fmod = declare(
    "fmod",
    partials=(1.0, lambda x, y, out: round(divide(out - x, y))),
    domain=each(REAL, NONZERO).where(lambda x, y: x / y != math.floor(x / y), "x / y not whole"),
    doc="x - trunc(x / y)·y, with the sign of x",
)
negative = declare("negative", partials=(-1.0,), symbol="neg", doc="-x", notation=forms.NEGATIVE)
positive = declare("positive", partials=(1.0,), symbol="pos", doc="+x, a node of its own", notation=forms.POSITIVE)
abs = declare(
    "abs",
    partials=(lambda x, out: sign(x),),
    domain=NONZERO,
    doc="the absolute value; its partial at 0 is 0",
    notation=r"\left|#1\right|",
)

hypot = declare(
    "hypot",
    partials=(lambda x, y, out: divide(x, out), lambda x, y, out: divide(y, out)),
    domain=each(REAL, REAL).where(lambda x, y: x != 0.0 or y != 0.0, "not both 0"),
    doc="√(x² + y²), without overflow",
)

# --- exponential and logarithm -------------------------------------------------------------------------------------------

exp = declare("exp", partials=(lambda x, out: out,), doc="e to the power x", notation="e^{#1}")
expm1 = declare("expm1", partials=(lambda x, out: exp(x),), doc="exp(x) - 1, accurate near 0")
exp2 = declare("exp2", partials=(lambda x, out: out * LN2,), doc="2 to the power x", notation="2^{#1}")
log = declare(
    "log", partials=(lambda x, out: divide(1.0, x),), domain=POSITIVE, doc="the natural logarithm", notation=r"\ln"
)
log1p = declare(
    "log1p", partials=(lambda x, out: divide(1.0, 1.0 + x),), domain=interval(low=-1.0), doc="log(1 + x), accurate near 0"
)
log2 = declare(
    "log2",
    partials=(lambda x, out: divide(1.0 / LN2, x),),
    domain=POSITIVE,
    doc="the logarithm to base 2",
    notation=r"\log_{2}",
)
log10 = declare(
    "log10",
    partials=(lambda x, out: divide(1.0 / LN10, x),),
    domain=POSITIVE,
    doc="the logarithm to base 10",
    notation=r"\log_{10}",
)
sqrt = declare(
    "sqrt", partials=(lambda x, out: divide(0.5, out),), domain=POSITIVE, doc="the square root", notation=forms.ROOT
)
cbrt = declare(
    "cbrt", partials=(lambda x, out: divide(1.0 / 3.0, out * out),), domain=NONZERO, doc="the real cube root, of any sign"
)
xlogy = declare(
    "xlogy",
    partials=(
        lambda x, y, out: choose(equal(x, 0.0) * equal(y, 0.0), 0.0, log(y)),
        lambda x, y, out: choose(equal(x, 0.0) * equal(y, 0.0), 0.0, divide(x, y)),
    ),
    domain=each(REAL, POSITIVE),
    doc="x·log(y), and 0 where x is 0",
)

# --- trigonometric and hyperbolic ----------------------------------------------------------------------------------------

sin = declare("sin", partials=(lambda x, out: cos(x),), doc="the sine of x radians", notation=r"\sin")
cos = declare("cos", partials=(lambda x, out: -sin(x),), doc="the cosine of x radians", notation=r"\cos")
tan = declare("tan", partials=(lambda x, out: 1.0 + out * out,), doc="the tangent of x radians", notation=r"\tan")
asin = declare(
    "asin",
    partials=(lambda x, out: divide(1.0, sqrt((1.0 - x) * (1.0 + x))),),
    domain=interval(-1.0, 1.0),
    doc="the angle in [-π/2, π/2] whose sine is x",
    notation=r"\arcsin",
)
acos = declare(
    "acos",
    partials=(lambda x, out: divide(-1.0, sqrt((1.0 - x) * (1.0 + x))),),
    domain=interval(-1.0, 1.0),
    doc="the angle in [0, π] whose cosine is x",
    notation=r"\arccos",
)
atan = declare(
    "atan",
    partials=(lambda x, out: _cos_atan(x) * _cos_atan(x),),
    doc="the angle in [-π/2, π/2] whose tangent is x",
    notation=r"\arctan",
)
atan2 = declare(
    "atan2",
    partials=(
        lambda y, x, out: divide(divide(x, hypot(x, y)), hypot(x, y)),
        lambda y, x, out: -divide(divide(y, hypot(x, y)), hypot(x, y)),
    ),
    domain=each(REAL, REAL).where(lambda y, x: y != 0.0 or x > 0.0, "off the cut y = 0, x ≤ 0"),
    doc="the angle of the point (x, y), given as (y, x)",
)
sinh = declare("sinh", partials=(lambda x, out: cosh(x),), doc="the hyperbolic sine", notation=r"\sinh")
cosh = declare("cosh", partials=(lambda x, out: sinh(x),), doc="the hyperbolic cosine", notation=r"\cosh")
tanh = declare("tanh", partials=(lambda x, out: _sech(x) * _sech(x),), doc="the hyperbolic tangent", notation=r"\tanh")
asinh = declare("asinh", partials=(lambda x, out: _cos_atan(x),), doc="the inverse of sinh")
acosh = declare(
    "acosh",
    partials=(lambda x, out: divide(1.0, sqrt(x - 1.0) * sqrt(x + 1.0)),),
    domain=interval(low=1.0),
    doc="the inverse of cosh",
)
atanh = declare(
    "atanh",
    partials=(lambda x, out: divide(1.0, (1.0 - x) * (1.0 + x)),),
    domain=interval(-1.0, 1.0),
    doc="the inverse of tanh",
)


def _sech(x: Scalar) -> Scalar:
    """1 / cosh(x), which keeps its digits where 1 - tanh(x)² has lost them."""
    return divide(1.0, cosh(x))


def _cos_atan(x: Scalar) -> Scalar:
    """1 / √(1 + x²), without overflow of the square."""
    return divide(1.0, hypot(1.0, x))


# --- special functions ---------------------------------------------------------------------------------------------------

erf = declare("erf", partials=(lambda x, out: TWO_OVER_ROOT_PI * exp(-x * x),), doc="the error function")
erfc = declare("erfc", partials=(lambda x, out: -TWO_OVER_ROOT_PI * exp(-x * x),), doc="1 - erf(x), accurate for large x")
OFF_POLES = REAL.where(lambda x: x > 0.0 or x != math.floor(x), "x not in {0, -1, -2, …}")
lgamma = declare("lgamma", partials=(lambda x, out: polygamma(0.0, x),), domain=OFF_POLES, doc="log |Γ(x)|")
polygamma = declare(
    "polygamma",
    partials=(None, lambda n, x, out: polygamma(n + 1.0, x)),
    domain=each(integers(0, 4), OFF_POLES),
    doc="the n-th derivative of the digamma function at x",
    notation=r"\psi^{\left(#1\right)}\left(#2\right)",
)

# --- steps and choices ---------------------------------------------------------------------------------------------------

NOT_WHOLE = REAL.where(lambda x: x != math.floor(x), "x not whole")
DISTINCT = each(REAL, REAL).where(lambda x, y: x != y, "x ≠ y")

floor = declare("floor", partials=(0.0,), domain=NOT_WHOLE, doc="the largest whole number ≤ x", notation=forms.FLOOR)
ceil = declare("ceil", partials=(0.0,), domain=NOT_WHOLE, doc="the smallest whole number ≥ x", notation=forms.CEILING)
trunc = declare(
    "trunc",
    partials=(0.0,),
    domain=REAL.where(lambda x: x == 0.0 or x != math.floor(x), "x = 0 or not whole"),
    doc="the whole part, towards 0",
)
round = declare(
    "round",
    partials=(0.0,),
    domain=REAL.where(lambda x: 2.0 * x % 2.0 != 1.0, "x not halfway"),
    doc="the nearest whole number, halves to even",
)
sign = declare("sign", partials=(0.0,), domain=NONZERO, doc="-1, 0 or 1")
step = declare("step", partials=(0.0,), domain=NONZERO, doc="1 where x > 0, else 0")
equal = declare("equal", partials=(0.0, 0.0), domain=DISTINCT, symbol="=", doc="1 where x = y, else 0", notation=forms.EQUAL)
less = declare("less", partials=(0.0, 0.0), domain=DISTINCT, symbol="<", doc="1 where x < y, else 0", notation=forms.LESS)
less_equal = declare(
    "less_equal", partials=(0.0, 0.0), domain=DISTINCT, symbol="≤", doc="1 where x ≤ y, else 0", notation=forms.LESS_EQUAL
)
copysign = declare(
    "copysign",
    partials=(lambda x, y, out: sign(x) * copysign(1.0, y), 0.0),
    domain=each(NONZERO, NONZERO),
    doc="the magnitude of x with the sign of y",
)
where = declare(
    "where",
    partials=(None, 1.0, 1.0),
    active=(None, lambda c, x, y, out: 1.0 - equal(c, 0.0), lambda c, x, y, out: equal(c, 0.0)),
    domain=each(integers(0, 1), REAL, REAL),
    doc="x where the condition is not 0, else y",
    notation=forms.CASES,
)


def choose(condition: Scalar, x: Scalar, y: Scalar) -> Scalar:
    """`where`, and no node where the condition is a constant."""
    if isinstance(condition, Operand):
        return where(condition, x, y)
    return x if condition else y


clip = declare(
    "clip",
    partials=(1.0, 1.0, 1.0),
    active=(
        lambda x, low, high, out: (1.0 - less(x, low)) * (1.0 - less(high, x)),
        lambda x, low, high, out: less(x, low) * less_equal(low, high),
        lambda x, low, high, out: less(high, x) + less(high, low) * less_equal(x, high),
    ),
    domain=each(REAL, REAL, REAL).where(lambda x, low, high: x not in (low, high) and low != high, "x, low, high distinct"),
    doc="x where it is between low and high, else the nearer of them",
)
stop_gradient = declare("stop_gradient", partials=(None,), value=lambda m, x: x, doc="x, taken as a constant")

# --- activations with derivatives of their own ---------------------------------------------------------------------------

relu = declare(
    "relu",
    partials=(lambda x, out: step(x),),
    active=(lambda x, out: 1.0 - less(x, 0.0),),
    domain=NONZERO,
    symbol="ReLU",
    doc="x where x > 0, else 0; its partial at 0 is 0",
)
sigmoid = declare(
    "sigmoid",
    partials=(lambda x, out: out * sigmoid(-x),),
    value=lambda m, x: m.exp(m.minimum(x, 0.0)) / (1.0 + m.exp(-m.abs(x))),
    symbol="σ",
    doc="1 / (1 + exp(-x))",
    notation=r"\sigma",
)
softplus = declare(
    "softplus",
    partials=(lambda x, out: sigmoid(x),),
    value=lambda m, x: m.maximum(x, 0.0) + m.log1p(m.exp(-m.abs(x))),
    doc="log(1 + exp(x)), exact for every x",
)

bind_slopes(globals())
