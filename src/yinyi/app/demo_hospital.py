"""The one hospital that a new database is made for, in words that every process may know."""

from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
HOSPITAL_ID = 1
