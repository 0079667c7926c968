"""What the registration office does by hand: people's records, and their visits. The platform is told of it by HL7."""

import secrets

import asyncpg
import msgspec

from yinyi_sandbox.hospital.hands import Done

Pool = asyncpg.Pool


class Newcomer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """doc_type, doc_no: as the hospital has them; empty: a made-up paper. sex_code: 0 unknown, 1 male, 2 female."""

    full_name: str
    doc_type: str = ""
    doc_no: str = ""
    sex_code: str = "0"


async def register(pool: Pool, newcomer: Newcomer) -> Done:
    """A record at the window. ADT^A04."""
    reference = f"W{secrets.token_hex(8)}"
    paper = (newcomer.doc_type or "99", newcomer.doc_no or reference)
    query = "SELECT * FROM his.register_($1, $2, $3, $4, $5)"
    row = await pool.fetchrow(query, reference, *paper, newcomer.full_name, newcomer.sex_code)
    assert row is not None, "it always answers"
    number = row["patient_no"]
    return Done(code=row["ret_code"], message=row["ret_msg"], reference=reference, numbers=[number] if number else [])


async def change(pool: Pool, patient_no: str, full_name: str = "", phone: str = "") -> Done:
    """What is empty stays. ADT^A08."""
    return await _coded(pool, "SELECT his.change_patient_($1, $2, $3)", patient_no, full_name, phone)


async def merge(pool: Pool, patient_no: str, into: str) -> Done:
    """Everything of the first number is the other one's, to which it leads from now on. ADT^A40."""
    return await _coded(pool, "SELECT his.merge_patients_($1, $2)", patient_no, into)


async def part(pool: Pool, patient_no: str) -> Done:
    """A merged number is a patient's own again. ADT^A37."""
    return await _coded(pool, "SELECT his.part_patients_($1)", patient_no)


async def move(pool: Pool, reference: str) -> Done:
    """The next free number of the same session, at another time. SIU^S13."""
    return await _coded(pool, "SELECT his.move_number_($1)", reference)


async def delete(pool: Pool, reference: str) -> Done:
    """It was entered by mistake, and is free again. SIU^S17."""
    return await _coded(pool, "SELECT his.delete_number_($1)", reference)


async def missed(pool: Pool, reference: str) -> Done:
    """The doctor has called, and nobody came. SIU^S26."""
    return await _coded(pool, "SELECT his.missed_($1)", reference)


async def _coded(pool: Pool, query: str, number: str, *more: str) -> Done:
    code = await pool.fetchval(query, number, *more)
    return Done(code=code, message=await pool.fetchval("SELECT his.message_($1)", code), numbers=[number])
