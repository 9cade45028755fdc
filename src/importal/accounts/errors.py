"""What can go wrong at the door of the desk."""

from importal.errors import TABLE

SESSION_REFUSED = TABLE.declare("session.refused", 401, "The user name or the password is not right.")
