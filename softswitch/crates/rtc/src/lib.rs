//! A browser's transport without I/O: ICE-lite, DTLS, SRTP.
