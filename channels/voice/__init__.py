"""Voice: callers by SIP, their sound, and telephones in browsers.

``sip`` is the signalling: a stack of its own, whose machines know neither sockets nor clocks.
"""
