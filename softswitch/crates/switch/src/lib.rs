//! A whole PBX without I/O: joins SIP, WebRTC legs, call control and the dialplan.
