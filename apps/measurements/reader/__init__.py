"""Reading a file of measurements: knows no Django and no database.

It runs in a child process of its own (`python -m apps.measurements.reader`) under limits of
memory and time, so that a hostile file cannot take a worker down. It says what it found in
codes; `apps.measurements.sentences` turns them into the reader's language.
"""
