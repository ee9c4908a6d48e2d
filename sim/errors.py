"""The one kind of error a user is meant to see: what was found where, what is allowed, what to do."""


class UserError(Exception):
    """Something in the user's input is wrong; the message says where and what to do. Commands exit with code 2."""
