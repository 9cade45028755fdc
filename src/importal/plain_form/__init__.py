"""The plain form: sending without JavaScript and from old browsers, in pages that the server makes.

It ends in the same submission, by the same actions; what the sender's page finds out on the sender's computer
is found out here once the files have arrived, and what is not chosen then is deleted.
"""

import re

from importal.plain_form.routes import router

# The route that counts the bytes of its body itself.
STREAMED = re.compile(r"^/form/files$")

__all__ = ["STREAMED", "router"]
