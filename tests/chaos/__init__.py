"""Ledger harness: faults on running servers, and what was committed reconciled with what arrived."""
