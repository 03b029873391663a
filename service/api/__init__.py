"""The HTTP service: what each request asks, and how it is answered."""
