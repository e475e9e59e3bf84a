"""A scalar automatic-differentiation engine: numbers that remember how they were computed.

Every operation makes a new `Value` and writes down two things: what it was computed from (`inputs`), and its
derivative by each of them (`slopes`). `backward` then walks from the result to the start and applies the
chain rule. Readable, and slow: chapter 05 measures how slow.
"""

import math
from itertools import count

from firstgrad.arguments import number

_order = count()  # a value is made after its inputs, so this numbers any graph topologically


class Value:
    """A number in a computation.

    data: the number.  grad: ∂(the value whose `backward` was called) / ∂(this one); 0 before that.
    inputs: the values it was computed from; a leaf has none.  slopes: ∂(this) / ∂(each input), numbers.
    Raises: TypeError for what is no number, ValueError for one, or a result, that is not finite.
    """

    __slots__ = ("data", "grad", "inputs", "order", "slopes")
    __array_ufunc__ = None  # else NumPy's numbers would not leave `2.0 * value` to us

    def __init__(self, data: float, inputs: "tuple[Value, ...]" = (), slopes: tuple[float, ...] = ()):
        if not (type(data) is float and math.isfinite(data)):  # the usual case costs no call
            data = float(number("data", data))
        self.data = data
        self.grad, self.inputs, self.slopes, self.order = 0.0, inputs, slopes, next(_order)

    def __repr__(self) -> str:
        return f"Value({self.data:.6g}, grad={self.grad:.6g})"

    # --- operations: the result, what it was computed from, and its slope along each ---

    def __add__(self, other: "Value | float") -> "Value":
        other = _value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __sub__(self, other: "Value | float") -> "Value":
        other = _value(other)
        return Value(self.data - other.data, (self, other), (1.0, -1.0))

    def __mul__(self, other: "Value | float") -> "Value":
        other = _value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __truediv__(self, other: "Value | float") -> "Value":
        other = _value(other)
        if other.data == 0:
            raise ValueError(f"divisor: given {other.data}, expected a number other than 0")
        quotient = self.data / other.data
        return Value(quotient, (self, other), (1 / other.data, -quotient / other.data))

    def __pow__(self, exponent: float) -> "Value":
        """The exponent is a number; where it varies too, write (exponent * base.log()).exp()."""
        number("exponent", exponent)
        if exponent and ((self.data < 0 and exponent % 1) or (self.data == 0 and exponent < 1)):
            raise ValueError(f"base: given {self.data}, expected one above 0 for the exponent {exponent}")
        try:
            slope = exponent * self.data ** (exponent - 1) if exponent else 0.0
            return Value(self.data**exponent, (self,), (slope,))
        except OverflowError:
            raise ValueError(f"base: {self.data:g} to the power {exponent} overflows") from None

    def exp(self) -> "Value":
        if self.data > 709:
            raise ValueError(f"exp: given {self.data:g}, expected at most 709, or the result overflows")
        result = math.exp(self.data)
        return Value(result, (self,), (result,))

    def log(self) -> "Value":
        if self.data <= 0:
            raise ValueError(f"log: given {self.data:g}, expected a number above 0")
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def tanh(self) -> "Value":
        result = math.tanh(self.data)
        return Value(result, (self,), (1 - result**2,))

    def relu(self) -> "Value":
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def sigmoid(self) -> "Value":
        small = math.exp(-abs(self.data))  # never overflows
        result = (1.0 if self.data >= 0 else small) / (1 + small)
        return Value(result, (self,), (result * (1 - result),))

    def __neg__(self) -> "Value":
        return self * -1.0

    def __radd__(self, other: "Value | float") -> "Value":
        return self + other

    def __rsub__(self, other: "Value | float") -> "Value":
        return _value(other) - self

    def __rmul__(self, other: "Value | float") -> "Value":
        return self * other

    def __rtruediv__(self, other: "Value | float") -> "Value":
        return _value(other) / self

    # --- the chain rule ---

    def graph(self) -> "list[Value]":
        """All values that this one depends on, itself included, each after its inputs."""
        seen, waiting = {id(self): self}, [self]
        while waiting:
            for value in waiting.pop().inputs:
                if id(value) not in seen:
                    seen[id(value)] = value
                    waiting.append(value)
        return sorted(seen.values(), key=lambda value: value.order)

    def backward(self) -> None:
        """Set `grad` in the whole graph. A leaf's is added to, as in PyTorch: set it to 0 yourself."""
        values = self.graph()
        for value in values:
            if value.inputs:
                value.grad = 0.0
        self.grad += 1.0
        for value in reversed(values):  # all that uses a value has passed its part on before the value does
            for part, slope in zip(value.inputs, value.slopes, strict=True):
                part.grad += slope * value.grad


def _value(other: Value | float) -> Value:
    return other if isinstance(other, Value) else Value(other)
