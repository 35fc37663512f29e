"""A class: outcomes become points, points a gradebook, a gradebook what a school's system reads.

It judges nothing: what is right and wrong was found by the examiner.
"""
