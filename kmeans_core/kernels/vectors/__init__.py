"""Explicit SIMD vectors: exact ones, fused ones, and the LLVM code they share."""
