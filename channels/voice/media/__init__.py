"""The media node: a process of its own that receives, mixes, records and sends sound.

The pure parts (``rtp``, ``rtcp``, ``buffering``, ``mixing``, codecs, tones) do no input or output;
``node`` is the process; ``pool`` is how the main process has nodes and speaks with them.
"""
