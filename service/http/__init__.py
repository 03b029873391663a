"""HTTP/1.1 on the wire: connections, messages, bodies, and problems as answers."""
