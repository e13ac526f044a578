"""What intrinsics are written with: vectors of lanes as LLVM has them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils

# Bytes of a vector: 64 also where registers are shorter, as LLVM splits what does not fit.
VECTOR_BYTES = 64
LANES32, LANES64 = VECTOR_BYTES // 4, VECTOR_BYTES // 8
LANES = {np.dtype(np.float32): LANES32, np.dtype(np.float64): LANES64}


def usable(compiled: Any, in_numpy: Callable[..., Any]) -> Any:
    """The intrinsic, or its NumPy stand-in where the JIT is off and no intrinsic can run."""
    return in_numpy if config.DISABLE_JIT else compiled  # type: ignore[attr-defined]


def vector_type(scalar: types.Float) -> ir.VectorType:
    """As many lanes of a float as a vector holds."""
    lanes = VECTOR_BYTES * 8 // scalar.bitwidth
    return ir.VectorType(ir.FloatType() if scalar.bitwidth == 32 else ir.DoubleType(), lanes)


def constants(vector: ir.VectorType, values: list[Any]) -> ir.Constant:
    """A vector whose lanes are known."""
    return ir.Constant(vector, [ir.Constant(vector.element, value) for value in values])


def load(builder: Any, vector: ir.VectorType, pointer: Any, align: int) -> Any:
    """The vector at a pointer that is a multiple of ``align`` bytes."""
    loaded = builder.load(builder.bitcast(pointer, vector.as_pointer()))
    loaded.align = align
    return loaded


def store(builder: Any, value: Any, pointer: Any, align: int) -> None:
    """Write a vector there."""
    stored = builder.store(value, builder.bitcast(pointer, value.type.as_pointer()))
    stored.align = align


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
    """Sums to add to, zero; LLVM keeps them in registers."""
    accumulators = [cgutils.alloca_once(builder, vector) for _ in range(count)]
    for accumulator in accumulators:
        builder.store(ir.Constant(vector, None), accumulator)
    return accumulators


def prefetch_entries(builder: Any, pointer: Any, count: Any) -> None:
    """Ask for so many entries, which will be read soon, to be brought near."""
    byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(ir.VoidType(), [byte, number, number, number]),
        "llvm.prefetch.p0",
    )
    bits = 64 if isinstance(pointer.type.pointee, ir.DoubleType) else 32
    intp = count.type
    step = ir.Constant(intp, VECTOR_BYTES * 8 // bits)
    # To read, into the second-level cache, data.
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
    """One number of all lanes: the least (fmin, smin) and the like; none of them NaN."""
    element = vector.type.element
    kind = {"float": "f32", "double": "f64", "i32": "i32", "i64": "i64"}[str(element)]
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(element, [vector.type]),
        f"llvm.vector.reduce.{name}.v{vector.type.count}{kind}",
    )
    # nnan: so that the least is found without asking for NaN.
    return builder.call(function, [vector], fastmath=["nnan"] if kind[0] == "f" else [])
