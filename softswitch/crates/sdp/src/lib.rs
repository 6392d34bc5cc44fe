//! Session descriptions and offer/answer without I/O (RFC 8866, RFC 3264, RFC 8829).
