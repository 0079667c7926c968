"""Every page in every state, from sample facts."""

from account_samples import ACCOUNT, ACCOUNT_LONG
from after_samples import AFTER, ERRORS
from bill_samples import BILL, GONE
from booking_samples import BOOKING, DUE
from children_samples import CHILDREN, PERMITS
from fiscal_samples import FILES, RECEIPTS
from further_samples import FURTHER
from identity_samples import BALANCES, IDENTITY
from inpatient_samples import INPATIENT
from maintenance_samples import MAINTENANCE
from pay_samples import AT_BANK, CITY, CITY_CARD, PAY, PULLED_OUT, UNASKED
from register_samples import COMES, REGISTER
from report_samples import REPORTS, ROLLED
from sample_facts import Sample
from start_samples import LINED, SILENT, START

SAMPLES: dict[str, Sample] = {
    **START,
    **REGISTER,
    **PAY,
    **IDENTITY,
    **CHILDREN,
    **AFTER,
    **ACCOUNT,
    **BILL,
    **INPATIENT,
    **REPORTS,
    **BOOKING,
    **RECEIPTS,
    **MAINTENANCE,
    **ERRORS,
    **LINED,
    **CITY,
    **PULLED_OUT,
    **AT_BANK,
    **PERMITS,
    **SILENT,
    **GONE,
    **ROLLED,
    **COMES,
    **ACCOUNT_LONG,
    **DUE,
    **FILES,
    **UNASKED,
    **BALANCES,
    **CITY_CARD,
    **FURTHER,
}
