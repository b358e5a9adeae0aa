"""Scalar functions compiled by Numba, once, for CPU and CUDA."""
