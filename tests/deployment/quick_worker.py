"""The product's worker with less patience, so that a test need not wait."""

from vca import serving


class Quick(serving.Worker):
    """Gives a request two seconds."""

    within = 2
