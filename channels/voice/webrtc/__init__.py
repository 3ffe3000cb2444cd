"""What a browser's leg needs beyond RTP: ICE-lite, DTLS and the keys it agrees on."""
