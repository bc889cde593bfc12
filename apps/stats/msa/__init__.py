"""Measurement system analysis: is the gauge good enough for the question?"""
