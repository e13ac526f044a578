"""Helpers that build LLVM code for intrinsics: vectors of lanes, and the arguments of a call."""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils

# Bytes of a vector. If registers are shorter, LLVM splits it.
VECTOR_BYTES = 64
LANES32, LANES64 = VECTOR_BYTES // 4, VECTOR_BYTES // 8
LANES = {np.dtype(np.float32): LANES32, np.dtype(np.float64): LANES64}


def usable(compiled: Any, in_numpy: Callable[..., Any]) -> Any:
    """The intrinsic, or its NumPy stand-in if the JIT is off, because no intrinsic can run then."""
    return in_numpy if config.DISABLE_JIT else compiled  # type: ignore[attr-defined]


def vector_type(scalar: types.Float) -> ir.VectorType:
    """The type of a vector that is full of such floats."""
    lanes = VECTOR_BYTES * 8 // scalar.bitwidth
    return ir.VectorType(ir.FloatType() if scalar.bitwidth == 32 else ir.DoubleType(), lanes)


def constants(vector: ir.VectorType, values: list[Any]) -> ir.Constant:
    """A vector with these lanes."""
    return ir.Constant(vector, [ir.Constant(vector.element, value) for value in values])


def arrays(context: Any, builder: Any, signature: Any, args: Any, places: Any) -> list[Any]:
    """The arguments at these places, which are arrays."""
    return [context.make_array(signature.args[at])(context, builder, args[at]) for at in places]


def integers(context: Any, builder: Any, signature: Any, args: Any, places: Any) -> list[Any]:
    """The arguments at these places as intp."""
    return [context.cast(builder, args[at], signature.args[at], types.intp) for at in places]


def load(builder: Any, vector: ir.VectorType, pointer: Any) -> Any:
    """The vector at a pointer to a number, which need not lie on the boundary of a vector."""
    loaded = builder.load(builder.bitcast(pointer, vector.as_pointer()))
    loaded.align = bytes_of(vector.element)
    return loaded


def store(builder: Any, value: Any, pointer: Any) -> None:
    """Write a vector to a pointer to a number."""
    stored = builder.store(value, builder.bitcast(pointer, value.type.as_pointer()))
    stored.align = bytes_of(value.type.element)


def bytes_of(element: Any) -> int:
    """Bytes of a lane."""
    return 4 if str(element) in ("float", "i32") else 8


def splat(builder: Any, vector: ir.VectorType, scalar: Any) -> Any:
    """The scalar in every lane."""
    one = builder.insert_element(
        ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0)
    )
    first = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), first)


def multiply_add(builder: Any, a: Any, b: Any, accumulator: Any) -> None:
    """accumulator += a * b, fused where the processor can."""
    product = builder.fmul(a, b, flags=["contract"])
    total = builder.fadd(builder.load(accumulator), product, flags=["contract"])
    builder.store(total, accumulator)


def zeros(builder: Any, vector: ir.VectorType, count: int) -> list[Any]:
    """Sums that start as zero; LLVM keeps them in registers."""
    accumulators = [cgutils.alloca_once(builder, vector) for _ in range(count)]
    for accumulator in accumulators:
        builder.store(ir.Constant(vector, None), accumulator)
    return accumulators


def prefetch_entries(builder: Any, pointer: Any, count: Any) -> None:
    """Bring this many entries, which will be read soon, into the cache."""
    byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(ir.VoidType(), [byte, number, number, number]),
        "llvm.prefetch.p0",
    )
    intp = count.type
    step = ir.Constant(intp, VECTOR_BYTES // bytes_of(pointer.type.pointee))
    # For reading, into the second-level cache, data.
    how = [ir.Constant(number, value) for value in (0, 2, 1)]
    with cgutils.for_range_slice(builder, ir.Constant(intp, 0), count, step, intp) as (at, _):
        builder.call(function, [builder.bitcast(builder.gep(pointer, [at]), byte), *how])


def add_lanes(builder: Any, vector: Any) -> Any:
    """The sum of all lanes, in pairs."""
    element = vector.type.element
    kind = {"float": "f32", "double": "f64"}[str(element)]
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(element, [element, vector.type]),
        f"llvm.vector.reduce.fadd.v{vector.type.count}{kind}",
    )
    # reassoc: the lanes are added in pairs, not one after the other.
    return builder.call(function, [ir.Constant(element, 0.0), vector], fastmath=["reassoc"])


def reduce(builder: Any, name: str, vector: Any) -> Any:
    """One number from all lanes, such as the least (fmin, smin). No lane may be NaN."""
    element = vector.type.element
    kind = {"float": "f32", "double": "f64", "i32": "i32", "i64": "i64"}[str(element)]
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(element, [vector.type]),
        f"llvm.vector.reduce.{name}.v{vector.type.count}{kind}",
    )
    # nnan: LLVM need not check for NaN.
    return builder.call(function, [vector], fastmath=["nnan"] if kind[0] == "f" else [])
