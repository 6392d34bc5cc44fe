//! A worker, simulated telephones and browsers, no sockets and no clock. Each file is one behaviour.

mod browser;
mod camera;
mod phone;
mod rig;

mod a_bug_strikes_one_leg;
mod a_speaker_hears_no_seam;
mod address_not_known_gets_nothing;
mod browser_and_telephone_talk;
mod comfort_noise_fills_pauses;
mod commands_cross_the_end;
mod digits_cross_clock_rates;
mod digits_in_the_sound;
mod digits_without_telephone_event;
mod echo_returns_own_audio;
mod foreign_source_is_not_relayed;
mod hold_is_silent;
mod mix_is_everyone_but_oneself;
mod mutated_datagrams;
mod numbers_differ_by_direction;
mod playback_ends_and_repeats;
mod recordings_play_back;
mod reports_follow_rfc3550;
mod reports_shape_opus;
mod source_switch_has_no_jump;
mod tone_crosses_workers;
mod tone_reaches_only_the_partner;
mod transcoded_tone_keeps_its_level;
mod video_crosses_legs;
mod video_is_repaired;
mod video_is_slowed;
mod video_of_a_telephone;
mod video_waits_for_a_key_frame;
mod voices_are_told;
