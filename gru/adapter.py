"""`Adapter`, which a course derives its own adapter from: how the API of its hand-ins is driven.

It is a name for editors and tests. In a worker, where nothing of this package is in sight, the same class stands
under the same name while a course's file is run.
"""

from gru.submission.adapters.adapter import Adapter

__all__ = ["Adapter"]
