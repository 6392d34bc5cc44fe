//! A simulated browser against [`ringdown_rtc::WebRtcTransport`], in simulated time, over a simulated
//! network.

mod browser;
mod checks;
mod world;

mod clienthello_from_unvalidated_address;
mod consent_expires_after_30_seconds;
mod every_role_and_profile_connects;
mod ice_restart_keeps_media;
mod mutated_datagrams_never_panic;
mod nomination_moves_the_media;
mod peer_close_ends_the_leg;
mod spoofed_checks_are_refused;
mod wrong_fingerprint_gets_no_media;
