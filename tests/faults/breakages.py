"""Everything that can be broken of what has to hold, by what is broken."""

from broken_beside import OF_OTHERS
from broken_books import OF_BOOKS
from broken_lines import OF_LINES
from broken_payments import OF_PAYMENTS

BROKEN = OF_PAYMENTS | OF_BOOKS | OF_LINES | OF_OTHERS
