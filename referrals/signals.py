"""The only signal: this floor asks whether a visit may be undone, and billing, which it does not know, may refuse.

Sent inside the transaction of the undoing, with ``visit_id``; a receiver refuses by raising a RuleError.
"""

from django.dispatch import Signal

visit_voiding = Signal()
