"""How long tests wait for what should come: also on a machine that has much else to do."""

#: Seconds after which a process or a thread will not end any more.
PATIENCE = 240
