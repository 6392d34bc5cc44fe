//! The directory in force, indexed for calls.

use std::{collections::HashMap, time::Duration};

use ringdown_call::Party as CallParty;
use ringdown_control::{
    ConferenceRoom, DirectorySnapshot, DirectoryUser, ParkingLot, Party, RecordingRight, RingGroup,
    SipDevice, UserSettings,
};
use ringdown_dialplan::{CompileError, Decision, Dialplan};
use ringdown_types::{DialKey, GroupId, Pii, RoomId, TonePlan, UserId};

/// The directory in force.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    version: u64,
    realm: String,
    users: HashMap<UserId, DirectoryUser>,
    devices: HashMap<String, SipDevice>,
    /// Digest user names by owner.
    owned: HashMap<UserId, Vec<String>>,
    groups: HashMap<GroupId, RingGroup>,
    group_numbers: HashMap<DialKey, GroupId>,
    /// Users by the name of their pick-up group.
    pickup_groups: HashMap<String, Vec<UserId>>,
    parking: Option<ParkingLot>,
    rooms: HashMap<RoomId, ConferenceRoom>,
    dialplan: Dialplan,
    tone_plan: TonePlan,
    recording: RecordingRight,
}

/// A directory that is refused; the one in force stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// Numbers contradict each other.
    #[error("the numbers contradict each other: {0}")]
    Dialplan(#[from] CompileError),
    /// Two devices have the same digest user name.
    #[error("two devices have the same user name")]
    DuplicateDevice,
    /// A device belongs to nobody in the directory.
    #[error("a device belongs to user {0}, who is not in the directory")]
    OwnerlessDevice(UserId),
}

impl Directory {
    /// Nobody, in a realm.
    pub(crate) fn empty(realm: String) -> Self {
        Self { realm, ..Self::default() }
    }

    pub(crate) fn compile(snapshot: DirectorySnapshot) -> Result<Self, DirectoryError> {
        let dialplan = Dialplan::compile(&snapshot)?;
        let users: HashMap<_, _> = snapshot.users.into_iter().map(|user| (user.id, user)).collect();
        let mut devices = HashMap::with_capacity(snapshot.devices.len());
        let mut owned: HashMap<UserId, Vec<String>> = HashMap::new();
        for device in snapshot.devices {
            if !users.contains_key(&device.user) {
                return Err(DirectoryError::OwnerlessDevice(device.user));
            }
            owned.entry(device.user).or_default().push(device.username.clone());
            if devices.insert(device.username.clone(), device).is_some() {
                return Err(DirectoryError::DuplicateDevice);
            }
        }
        let number = |group: &RingGroup| Some((DialKey::parse(group.extension.as_str())?, group.id));
        let group_numbers = snapshot.groups.iter().filter_map(number).collect();
        let groups = snapshot.groups.into_iter().map(|group| (group.id, group)).collect();
        let rooms = snapshot.rooms.into_iter().map(|room| (room.id, room)).collect();
        let (version, realm, parking) = (snapshot.version, snapshot.realm, snapshot.parking);
        let (tone_plan, recording) = (snapshot.tone_plan, snapshot.recording);
        let mut pickup_groups: HashMap<String, Vec<UserId>> = HashMap::new();
        for user in users.values() {
            if let Some(group) = &user.settings.pickup_group {
                pickup_groups.entry(group.clone()).or_default().push(user.id);
            }
        }
        Ok(Self {
            version,
            realm,
            users,
            devices,
            owned,
            groups,
            group_numbers,
            rooms,
            pickup_groups,
            parking,
            dialplan,
            tone_plan,
            recording,
        })
    }

    /// 0 for none.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// The country whose tones callers hear.
    pub(crate) const fn tone_plan(&self) -> TonePlan {
        self.tone_plan
    }

    /// Who may have calls recorded.
    pub(crate) const fn recording_right(&self) -> RecordingRight {
        self.recording
    }

    /// The SIP domain and digest realm.
    pub(crate) fn realm(&self) -> &str {
        &self.realm
    }

    pub(crate) const fn dialplan(&self) -> &Dialplan {
        &self.dialplan
    }

    /// Where parked calls wait; `None` where nothing can be parked.
    pub(crate) const fn parking(&self) -> Option<ParkingLot> {
        self.parking
    }

    /// Everybody in a user's pick-up group, themselves included; nobody where they are in none.
    pub(crate) fn pickup_group_of(&self, user: UserId) -> &[UserId] {
        let group = self.user(user).and_then(|user| user.settings.pickup_group.as_ref());
        group.and_then(|group| self.pickup_groups.get(group)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn user(&self, user: UserId) -> Option<&DirectoryUser> {
        self.users.get(&user)
    }

    /// Whether a user wants no calls.
    pub(crate) fn does_not_disturb(&self, user: UserId) -> bool {
        self.user(user).is_some_and(|user| user.settings.do_not_disturb)
    }

    /// A user's settings, to change them.
    pub(crate) fn settings_mut(&mut self, user: UserId) -> Option<&mut UserSettings> {
        self.users.get_mut(&user).map(|user| &mut user.settings)
    }

    pub(crate) fn room(&self, room: RoomId) -> Option<&ConferenceRoom> {
        self.rooms.get(&room)
    }

    pub(crate) fn group(&self, group: GroupId) -> Option<&RingGroup> {
        self.groups.get(&group)
    }

    /// The enabled user a number reaches, whoever asks.
    pub(crate) fn user_with_number(&self, number: &str, asker: UserId, unix_ms: u64) -> Option<UserId> {
        match self.dialplan.route(number, asker, unix_ms) {
            Decision::User { user } => Some(user),
            _ => None,
        }
    }

    /// A device by its digest user name.
    pub(crate) fn device(&self, username: &str) -> Option<&SipDevice> {
        self.devices.get(username)
    }

    /// The digest user names of a user's devices.
    pub(crate) fn devices_of(&self, user: UserId) -> impl Iterator<Item = &str> {
        self.owned.get(&user).into_iter().flatten().map(String::as_str)
    }

    /// Whether a user may call and be called.
    pub(crate) fn is_enabled(&self, user: UserId) -> bool {
        self.user(user).is_some_and(|user| user.enabled)
    }

    /// How long a user's devices ring.
    pub(crate) fn ring_time(&self, user: UserId) -> Duration {
        let seconds = self.user(user).map_or(DEFAULT_RING_SECONDS, |user| user.ring_seconds);
        Duration::from_secs(seconds.clamp(5, 300).into())
    }

    /// One side of a call as others see it.
    pub(crate) fn party(&self, party: &CallParty) -> Party {
        match party {
            CallParty::User(id) => match self.user(*id) {
                Some(user) => Party {
                    user: Some(*id),
                    number: Pii(user.extension.as_str().to_owned()),
                    name: user.name.clone(),
                },
                // The user left the directory during the call.
                None => Party { user: Some(*id), number: Pii(String::new()), name: Pii(String::new()) },
            },
            CallParty::Number(number) => {
                let group = DialKey::parse(&number.0).and_then(|key| self.group_numbers.get(&key));
                let name = group.and_then(|group| self.group(*group)).map(|group| group.name.clone());
                Party {
                    user: None,
                    number: Pii(number.0.as_ref().to_owned()),
                    name: Pii(name.unwrap_or_default()),
                }
            }
        }
    }
}

/// For a callee who left the directory between routing and ringing.
const DEFAULT_RING_SECONDS: u16 = 30;
