"""Reaching and reading network devices: ICMP, SNMP, and what hangs on what."""
