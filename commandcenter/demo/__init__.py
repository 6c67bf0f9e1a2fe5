"""One regency whose devices are simulated at the protocol.

Agents answer SNMP, fingerprint machines push, cameras stream RTSP, complaints come by webhook and
Open311. Nothing else in the program knows of it: to the feeds these are only devices.
"""
