"""Every way to a hospital that the ports are tested with."""

from hospital_mariadb import MARIADB_HERE, mariadb
from hospital_stage import Offer, procedures
from hospital_web import fhir, web_services

OFFERED: dict[str, Offer] = {
    "procedures": procedures,
    "soap": web_services("soap"),
    "fhir": fhir(),
    "hip": web_services("hip", style="message"),
}
if MARIADB_HERE:
    OFFERED["mariadb"] = mariadb
