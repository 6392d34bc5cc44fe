//! The load: arrivals by the clock whatever becomes of those before (open loop), with the retransmissions of
//! RFC 3261 §17 in both roles.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use ringdown_benches::{
    digest::Algorithm,
    phones::{self, Authentication, Dialog, Envelope, Phone},
    process::Cost,
    wire::Wire,
};

use crate::{callee::Callees, outcome::Outcome, sockets::Sockets};

/// What is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// Telephones register.
    Register,
    /// Every telephone but the first `callers` registers once, as after a restart of the server, while those call each
    /// other, `calls` a second.
    Storm {
        /// Telephones that registered before and call.
        callers: u32,
        /// Calls a second.
        calls: u32,
    },
    /// Telephones call each other: INVITE, 180, 200, ACK, and BYE after `hold`.
    Call {
        /// How long a call lasts.
        hold: Duration,
        /// Calls that are set up before the load begins, held while it lasts, and hung up after it.
        held: u32,
    },
}

/// A call that ends when it is answered.
pub(crate) const CALL: Scenario = Scenario::Call { hold: Duration::ZERO, held: 0 };

impl Scenario {
    /// Calls a second beside what is offered.
    const fn calls(self) -> u32 {
        match self {
            Self::Storm { calls, .. } => calls,
            Self::Register | Self::Call { .. } => 0,
        }
    }
}

/// One run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) target: SocketAddr,
    pub(crate) realm: String,
    pub(crate) users: u32,
    pub(crate) sources: u16,
    pub(crate) authentication: Authentication,
    pub(crate) algorithm: Algorithm,
    /// The program under test, whose cost is measured.
    pub(crate) pid: Option<u32>,
}

pub(crate) const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// Arrivals begun before answers are read again.
const ARRIVALS: u32 = 16;
/// How long answers are waited for after the last arrival.
const PATIENCE: Duration = Duration::from_secs(4);

/// A call or a registration.
#[derive(Debug)]
struct Unit {
    /// Its number; it names the call.
    id: u32,
    /// Which of its requests alarms are for.
    generation: u32,
    phone: u32,
    peer: u32,
    state: State,
    begun: Instant,
    cseq: u32,
    /// Whether credentials were asked for already.
    challenged: bool,
    /// What is repeated until it is answered.
    request: Vec<u8>,
    interval: Duration,
    dialog: Dialog,
    is_held: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Registering,
    Inviting,
    Proceeding,
    Talking,
    Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Alarm {
    Repeat,
    HangUp,
}

/// The telephones and what they are doing.
pub(crate) struct Generator {
    plan: Plan,
    run: u32,
    pub(crate) sockets: Sockets,
    pub(crate) phones: Vec<Phone>,
    units: Vec<Option<Unit>>,
    free: Vec<u32>,
    generation: u32,
    alarms: BinaryHeap<Reverse<(Instant, u32, u32, Alarm)>>,
    callees: Callees,
    next_phone: u32,
    /// In a storm: who calls, and whose turn it is.
    callers: u32,
    next_caller: u32,
    hold: Duration,
    outcome: Outcome,
    held_up: u64,
}

impl Generator {
    pub(crate) fn new(plan: Plan) -> io::Result<Self> {
        let phones = (0..plan.users).map(|index| Phone::new(index, &plan.realm)).collect();
        Ok(Self {
            sockets: Sockets::open(plan.sources, plan.target)?,
            run: std::process::id(),
            phones,
            plan,
            units: Vec::new(),
            free: Vec::new(),
            generation: 0,
            alarms: BinaryHeap::new(),
            callees: Callees::default(),
            next_phone: 0,
            callers: 0,
            next_caller: 0,
            hold: Duration::ZERO,
            outcome: Outcome::default(),
            held_up: 0,
        })
    }

    /// Registers the first `count` telephones once, `rate` a second.
    pub(crate) fn register_first(&mut self, count: u32, rate: f64) -> io::Result<Outcome> {
        self.next_phone = 0;
        self.offer(Scenario::Register, rate, f64::from(count) / rate)
    }

    /// Offers `rate` a second for `seconds`.
    pub(crate) fn offer(&mut self, scenario: Scenario, rate: f64, seconds: f64) -> io::Result<Outcome> {
        match scenario {
            Scenario::Call { hold, held } => {
                self.hold = hold;
                self.set_up_held(held)?;
            }
            Scenario::Storm { callers, .. } => {
                self.callers = callers;
                self.next_phone = callers;
            }
            Scenario::Register => {}
        }
        self.outcome = Outcome { seconds, ..Outcome::default() };
        let held = self.live();
        let before = self.plan.pid.map(Cost::of).unwrap_or_default();
        let (started, mut begun) = (Instant::now(), 0_u64);
        let total = (rate * seconds).round() as u64;
        let (mut called, calls) = (0_u64, scenario.calls());
        while begun < total {
            if (called as f64) < started.elapsed().as_secs_f64() * f64::from(calls) {
                called += 1;
                self.begin(CALL, false);
            }
            let due = ((started.elapsed().as_secs_f64() * rate) as u64 + 1).min(total);
            for _ in 0..ARRIVALS {
                if begun < due {
                    begun += 1;
                    self.begin(scenario, false);
                }
            }
            let next = started + Duration::from_secs_f64(begun as f64 / rate);
            self.turn(next)?;
        }
        self.outcome.seconds = started.elapsed().as_secs_f64();
        self.drain(held)?;
        let after = self.plan.pid.map(Cost::of).unwrap_or_default();
        let cpu = after.cpu_us - before.cpu_us;
        let mut outcome = std::mem::take(&mut self.outcome);
        outcome.cpu_us = cpu / outcome.completed.max(1) as f64;
        outcome.core = cpu / 1e6 / started.elapsed().as_secs_f64();
        outcome.memory_kb = [before.memory_kb, after.memory_kb];
        outcome.held = self.hang_up_held(held)?;
        Ok(outcome)
    }

    /// Waits until only the held units are left; those that never end are failures.
    fn drain(&mut self, held: usize) -> io::Result<()> {
        let until = Instant::now() + PATIENCE;
        while self.live() > held && Instant::now() < until {
            self.turn(until)?;
        }
        for slot in 0..self.units.len() as u32 {
            if self.unit(slot).is_some_and(|unit| !unit.is_held) {
                self.finish(slot, Some("unanswered"));
            }
        }
        Ok(())
    }

    fn set_up_held(&mut self, held: u32) -> io::Result<()> {
        let scenario = Scenario::Call { hold: Duration::ZERO, held };
        for _ in 0..held {
            self.begin(scenario, true);
            self.turn(Instant::now() + Duration::from_millis(2))?;
        }
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && self.units.iter().flatten().any(|unit| unit.state != State::Talking) {
            self.turn(until)?;
        }
        Ok(())
    }

    fn hang_up_held(&mut self, held: usize) -> io::Result<[u64; 2]> {
        self.held_up = 0;
        for slot in 0..self.units.len() as u32 {
            if self.unit(slot).is_some_and(|unit| unit.state == State::Talking) {
                self.hang_up(slot);
                self.turn(Instant::now() + Duration::from_millis(1))?;
            }
        }
        let until = Instant::now() + PATIENCE;
        while self.live() > 0 && Instant::now() < until {
            self.turn(until)?;
        }
        Ok([held as u64, self.held_up])
    }

    fn live(&self) -> usize {
        self.units.len() - self.free.len()
    }

    /// Reads what came and lets alarms ring; returns at `until` at the latest.
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        let alarm = self.alarms.peek().map(|Reverse((at, ..))| *at);
        let callee = self.callees.next_timeout();
        let due = [alarm, callee].into_iter().flatten().fold(until, Instant::min);
        self.sockets.wait(due.saturating_duration_since(Instant::now()))?;
        let mut buffer = [0; 8192];
        for index in self.sockets.take_readable() {
            let mut datagrams = Vec::new();
            self.sockets.read(index, |_, bytes| datagrams.push(bytes.to_vec()), &mut buffer);
            for datagram in datagrams {
                self.receive(index, &datagram);
            }
        }
        let now = Instant::now();
        while let Some(&Reverse((at, slot, generation, alarm))) = self.alarms.peek() {
            if at > now {
                break;
            }
            self.alarms.pop();
            if self.unit(slot).is_some_and(|unit| unit.generation == generation) {
                match alarm {
                    Alarm::Repeat => self.repeat(slot),
                    Alarm::HangUp => self.hang_up(slot),
                }
            }
        }
        self.outcome.retransmissions += self.callees.handle_timeout(now, &self.sockets);
        Ok(())
    }

    fn begin(&mut self, scenario: Scenario, is_held: bool) {
        let is_call = matches!(scenario, Scenario::Call { .. });
        // Halfway round: nobody calls themselves, and everybody is called once before anybody is twice.
        let (phone, peer) = if is_call && self.callers > 0 {
            self.next_caller = (self.next_caller + 1) % self.callers;
            (self.next_caller, (self.next_caller + self.callers / 2) % self.callers)
        } else {
            let users = self.plan.users;
            let phone = self.next_phone % users;
            self.next_phone = self.next_phone.wrapping_add(1);
            (phone, (phone + users / 2 + 1) % users)
        };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.units.push(None);
            self.units.len() as u32 - 1
        });
        self.generation += 1;
        if !is_call && self.phones[phone as usize].registering.is_some() {
            // Its last REGISTER is still unanswered: one more would only be confused with it.
            self.outcome.offered += 1;
            self.outcome.fail("telephone still waits");
            return self.free.push(slot);
        }
        let unit = Unit {
            id: self.generation,
            generation: self.generation,
            phone,
            peer,
            state: if is_call { State::Inviting } else { State::Registering },
            begun: Instant::now(),
            cseq: 0,
            challenged: false,
            request: Vec::new(),
            interval: T1,
            dialog: Dialog::default(),
            is_held,
        };
        self.units[slot as usize] = Some(unit);
        self.outcome.offered += u64::from(!is_held);
        if !is_call {
            self.phones[phone as usize].registering = Some(slot);
        }
        if self.plan.authentication == Authentication::Challenged {
            self.phones[phone as usize].forget();
        }
        self.send_first(slot);
    }

    /// Sends the REGISTER or INVITE, with credentials if there is a nonce.
    fn send_first(&mut self, slot: u32) {
        let Some(unit) = self.units[slot as usize].as_mut() else { return };
        let phone = &mut self.phones[unit.phone as usize];
        let realm = &self.plan.realm;
        let local = self.sockets.local(unit.phone);
        let is_call = unit.state != State::Registering;
        unit.cseq = if is_call { unit.cseq + 1 } else { phone.cseq + 1 };
        phone.cseq = if is_call { phone.cseq } else { unit.cseq };
        self.generation += 1;
        unit.generation = self.generation;
        let names = Names::of(self.run, slot, unit);
        let (method, uri) = if is_call {
            ("INVITE", format!("sip:{}@{realm}", phones::number(unit.peer)))
        } else {
            ("REGISTER", format!("sip:{realm}"))
        };
        let authorization = phone.authorization(realm, method, &uri);
        let envelope = names.envelope(realm, local, unit.cseq, &phone.number);
        unit.request = if is_call {
            phones::invite(envelope, &phones::number(unit.peer), &authorization)
        } else {
            phones::register(envelope, &authorization)
        };
        self.transmit(slot);
    }

    /// Sends the unit's request and sets its alarm.
    fn transmit(&mut self, slot: u32) {
        let Some(unit) = self.units[slot as usize].as_mut() else { return };
        unit.interval = T1;
        self.sockets.send(unit.phone, &unit.request);
        self.alarms.push(Reverse((Instant::now() + T1, slot, unit.generation, Alarm::Repeat)));
    }

    fn repeat(&mut self, slot: u32) {
        let Some(unit) = self.units[slot as usize].as_mut() else { return };
        let waits = matches!(unit.state, State::Registering | State::Inviting | State::Ending);
        // Alarms are not taken back: one that rings early belongs to a request before this one.
        if !waits {
            return;
        }
        self.outcome.retransmissions += 1;
        self.sockets.send(unit.phone, &unit.request);
        // Timer A doubles without bound, timer E up to T2. RFC 3261 §17.1
        unit.interval =
            if unit.state == State::Inviting { unit.interval * 2 } else { (unit.interval * 2).min(T2) };
        let at = Instant::now() + unit.interval;
        self.alarms.push(Reverse((at, slot, unit.generation, Alarm::Repeat)));
    }

    fn hang_up(&mut self, slot: u32) {
        let Some(unit) = self.units[slot as usize].as_mut().filter(|unit| unit.state == State::Talking)
        else {
            return;
        };
        unit.state = State::Ending;
        unit.cseq += 1;
        // A generation of its own, so that no alarm of the INVITE repeats the BYE.
        self.generation += 1;
        unit.generation = self.generation;
        let names = Names::of(self.run, slot, unit);
        let local = self.sockets.local(unit.phone);
        let number = &self.phones[unit.phone as usize].number;
        let envelope = names.envelope(&self.plan.realm, local, unit.cseq, number);
        unit.request = phones::in_dialog(envelope, "BYE", &unit.dialog);
        self.transmit(slot);
    }

    fn receive(&mut self, socket: usize, datagram: &[u8]) {
        let Some(wire) = Wire::of(datagram) else { return };
        match wire.status() {
            Some(status) => self.receive_response(status, wire),
            None => {
                let ended = self.callees.receive(socket, wire, &self.sockets);
                // The server hung up on one of our callers.
                if let Some(slot) = ended.then(|| self.slot_of(wire)).flatten() {
                    self.finish(slot, Some("hung up by the server"));
                }
            }
        }
    }

    /// The unit a message is about: its slot is in the Call-ID, or known to its telephone.
    fn slot_of(&self, wire: Wire<'_>) -> Option<u32> {
        let (name, _) = wire.first("Call-ID")?.split_once('@')?;
        let mut parts = name.split('.');
        let (kind, run, index) = (parts.next()?, parts.next()?, parts.next()?.parse::<u32>().ok()?);
        if run.parse() != Ok(self.run) {
            return None;
        }
        if kind == "r" {
            return self.phones.get(index as usize)?.registering;
        }
        let id: u32 = parts.next()?.parse().ok()?;
        self.unit(index).filter(|unit| unit.id == id).map(|_| index)
    }

    fn unit(&self, slot: u32) -> Option<&Unit> {
        self.units.get(slot as usize)?.as_ref()
    }

    fn receive_response(&mut self, status: u16, wire: Wire<'_>) {
        let (Some(slot), Some((number, method))) = (self.slot_of(wire), wire.cseq()) else { return };
        let Some(unit) = self.units[slot as usize].as_mut() else { return };
        if number != unit.cseq {
            // The 2xx of an INVITE comes again until its ACK arrives. RFC 3261 §13.2.2.4
            if method == "INVITE" && (200..300).contains(&status) {
                self.acknowledge(slot, number, None);
            }
            return;
        }
        match (unit.state, method, status) {
            (State::Registering, "REGISTER", 200) => self.finish(slot, None),
            (State::Registering | State::Inviting | State::Proceeding, _, 401 | 407) => {
                self.challenged(slot, wire, status);
            }
            (State::Inviting, "INVITE", ..200) => unit.state = State::Proceeding,
            (State::Inviting | State::Proceeding, "INVITE", 200..300) => {
                unit.state = State::Talking;
                unit.dialog = dialog(wire);
                if !unit.is_held {
                    self.outcome.note_setup(unit.begun.elapsed());
                }
                let (generation, is_held) = (unit.generation, unit.is_held);
                self.acknowledge(slot, number, None);
                if self.hold.is_zero() && !is_held {
                    self.hang_up(slot);
                } else if !is_held {
                    let at = Instant::now() + self.hold;
                    self.alarms.push(Reverse((at, slot, generation, Alarm::HangUp)));
                }
            }
            (State::Talking, "INVITE", 200..300) => self.acknowledge(slot, number, None),
            (State::Inviting | State::Proceeding, "INVITE", 300..) => {
                self.acknowledge(slot, number, wire.first("To"));
                self.finish(slot, Some(&status.to_string()));
            }
            (State::Ending, "BYE", 200) => self.finish(slot, None),
            (State::Registering, "REGISTER", 300..) | (State::Ending, "BYE", 300..) => {
                self.finish(slot, Some(&format!("{method} {status}")));
            }
            _ => {}
        }
    }

    fn challenged(&mut self, slot: u32, wire: Wire<'_>, status: u16) {
        let Some(unit) = self.units[slot as usize].as_mut() else { return };
        let (phone, cseq) = (unit.phone, unit.cseq);
        let is_call = unit.state != State::Registering;
        let again = std::mem::replace(&mut unit.challenged, true);
        if is_call {
            unit.state = State::Inviting;
            self.acknowledge(slot, cseq, wire.first("To"));
        }
        // A second challenge is fine when it says the nonce was too old.
        let stale = wire.all("WWW-Authenticate").any(|value| value.contains("stale=true"));
        if again && !stale {
            return self.finish(slot, Some("401 twice"));
        }
        let header = if status == 407 { "Proxy-Authenticate" } else { "WWW-Authenticate" };
        self.phones[phone as usize].challenged(wire.all(header), self.plan.algorithm);
        self.send_first(slot);
    }

    /// Sends the ACK of a final response; of one that refuses, with its To (RFC 3261 §17.1.1.3).
    fn acknowledge(&mut self, slot: u32, cseq: u32, refused_to: Option<&str>) {
        let Some(unit) = self.units[slot as usize].as_ref() else { return };
        let realm = &self.plan.realm;
        let refused = refused_to.map(|to| Dialog {
            target: format!("sip:{}@{realm}", phones::number(unit.peer)),
            to: to.to_owned(),
            routes: String::new(),
        });
        let mut names = Names::of(self.run, slot, unit);
        if refused.is_none() {
            // The ACK of a 2xx is a transaction of its own. RFC 3261 §13.2.2.4
            names.branch.push('a');
        }
        let number = &self.phones[unit.phone as usize].number;
        let envelope = names.envelope(realm, self.sockets.local(unit.phone), cseq, number);
        let ack = phones::in_dialog(envelope, "ACK", refused.as_ref().unwrap_or(&unit.dialog));
        self.sockets.send(unit.phone, &ack);
    }

    fn finish(&mut self, slot: u32, failure: Option<&str>) {
        let Some(unit) = self.units[slot as usize].take() else { return };
        self.free.push(slot);
        if unit.state == State::Registering {
            self.phones[unit.phone as usize].registering = None;
        }
        match failure {
            _ if unit.is_held => self.held_up += u64::from(failure.is_none()),
            Some(why) => self.outcome.fail(why),
            None => {
                self.outcome.completed += 1;
                if unit.state == State::Registering {
                    self.outcome.note_setup(unit.begun.elapsed());
                }
            }
        }
    }
}

/// What names a unit's messages.
struct Names {
    call_id: String,
    branch: String,
    tag: String,
}

impl Names {
    /// A telephone's REGISTERs share a Call-ID and are numbered (RFC 3261 §10.2.4); a call has one of its own.
    fn of(run: u32, slot: u32, unit: &Unit) -> Self {
        let Unit { id, phone, cseq, .. } = unit;
        let branch = format!("z9hG4bK{run:x}.{slot:x}.{id:x}.{cseq}");
        if unit.state == State::Registering {
            Self { call_id: format!("r.{run}.{phone}@load"), branch, tag: format!("r{phone}") }
        } else {
            Self { call_id: format!("c.{run}.{slot}.{id}@load"), branch, tag: format!("c{id}") }
        }
    }

    fn envelope<'a>(&'a self, realm: &'a str, local: SocketAddr, cseq: u32, from: &'a str) -> Envelope<'a> {
        let Self { call_id, branch, tag } = self;
        Envelope { realm, local, call_id, branch, cseq, from, tag }
    }
}

/// What the 2xx of an INVITE says of the dialog (RFC 3261 §12.1.2): its routes in reverse.
fn dialog(wire: Wire<'_>) -> Dialog {
    let mut routes: Vec<_> = wire.all("Record-Route").collect();
    routes.reverse();
    Dialog {
        target: wire.contact().unwrap_or_default().to_owned(),
        to: wire.first("To").unwrap_or_default().to_owned(),
        routes: routes.iter().map(|route| format!("Route: {route}\r\n")).collect(),
    }
}
