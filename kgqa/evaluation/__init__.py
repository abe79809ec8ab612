"""Measuring: metrics and the standard formats that they are measured on."""
