"""What strangers can do to a running program, and what a wall and a machine notice of it.

    make attack      against the program itself, then the same with nginx in front

Everything stays on this machine's loopback. The attackers come from addresses of 127.0.0.0/8, so
that limits for each address count; the wall, the machine and a passer-by come from others.
"""
