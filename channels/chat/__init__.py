"""Web chat: a widget for any site, over websockets."""
