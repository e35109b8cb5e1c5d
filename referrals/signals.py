"""The only signals: this floor asks, and billing, which it does not know, may refuse by raising a RuleError.

Each is sent inside the transaction of the deed. ``visit_voiding`` with ``visit_id``: may this visit be undone?
``visit_correcting`` with ``visit_id`` and ``by``: may its services be corrected? A draft then is outdated.
``referral_moving`` with ``referral_id`` and ``veteran_id``: may this referral become that Veteran's? Then billing's own
rows follow.
"""

from django.dispatch import Signal

visit_voiding = Signal()
visit_correcting = Signal()
referral_moving = Signal()
