//! A whole media worker without I/O: joins rtc and media.
