"""The guided tour that ``python -m sknn_edu`` gives.

- :mod:`~sknn_edu.tour.parts` - the seven parts and the command line
- :mod:`~sknn_edu.tour.pictures` - the pictures at the end; they need matplotlib

``import sknn_edu`` does not import the tour.
"""
