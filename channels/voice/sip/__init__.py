"""SIP (RFC 3261) as a server, a registrar and both ends of a call.

From the wire inwards: ``parsing`` and ``framing`` turn bytes into ``message`` objects, ``gate``
decides who is heard at all, ``transactions`` repeat and absorb, ``dialog`` and the ``session``
modules are calls, ``registrar`` knows where phones are. All of them are plain objects that are
given messages and the time, and return what is to be done. ``wire`` moves bytes by Twisted, and
``endpoint`` is what the rest of the voice channel uses.
"""
