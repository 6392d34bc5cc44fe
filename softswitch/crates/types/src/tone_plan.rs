//! Call-progress tones by country (ITU-T E.180/Q.35 and its list of national values).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ToneId;

/// The tones that people of a country know, by its two letters (ISO 3166-1), or the international ones.
#[derive(Clone, Copy)]
pub struct TonePlan(&'static Row);

struct Row {
    country: &'static str,
    name: &'static str,
    dial: &'static str,
    ringback: &'static str,
    busy: &'static str,
    congestion: &'static str,
    call_waiting: &'static str,
}

/// There is no plan of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownTonePlan;

impl fmt::Display for UnknownTonePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no tone plan is known for this country")
    }
}

impl std::error::Error for UnknownTonePlan {}

impl TonePlan {
    /// What E.180 recommends where a country has no plan of its own: 425 Hz.
    pub const INTERNATIONAL: Self = Self(&ROWS[0]);

    /// Every plan, the international one first, then by country.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(Self)
    }

    /// The country's two letters in lower case; `international` for none.
    pub const fn country(self) -> &'static str {
        self.0.country
    }

    /// The country's name in English.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// How a tone sounds here, see [`ToneShape`]; also of those that are the same everywhere.
    pub const fn shape(self, tone: ToneId) -> ToneShape {
        ToneShape(match tone {
            ToneId::Dial => self.0.dial,
            ToneId::Ringback => self.0.ringback,
            ToneId::Busy => self.0.busy,
            ToneId::Congestion => self.0.congestion,
            ToneId::CallWaiting => self.0.call_waiting,
            // Louder and higher than anything else: the receiver lies beside the telephone.
            ToneId::Howler => "1400+2060+2450+2600/100,0/100",
            // E.180 §6: three rising tones.
            ToneId::SpecialInformation => "950/330,1400/330,1800/330,0/1000",
            ToneId::Beep => "1000/500",
            // Half as loud as the others would be one tone: they sound beneath people who talk.
            ToneId::MemberJoined => "440/120,660/160",
            ToneId::MemberLeft => "660/120,440/160",
            ToneId::Comfort => "350/200,0/100,350/200,0/3500",
        })
    }
}

impl Default for TonePlan {
    fn default() -> Self {
        Self::INTERNATIONAL
    }
}

impl PartialEq for TonePlan {
    fn eq(&self, other: &Self) -> bool {
        self.country() == other.country()
    }
}

impl Eq for TonePlan {}

impl fmt::Debug for TonePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TonePlan({})", self.country())
    }
}

impl FromStr for TonePlan {
    type Err = UnknownTonePlan;

    fn from_str(text: &str) -> Result<Self, UnknownTonePlan> {
        Self::all().find(|plan| plan.country().eq_ignore_ascii_case(text)).ok_or(UnknownTonePlan)
    }
}

impl Serialize for TonePlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.country())
    }
}

/// A country this version does not know gets the international tones: a directory is not refused for its sounds.
impl<'de> Deserialize<'de> for TonePlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(text.parse().unwrap_or_default())
    }
}

/// A tone's cadence: parts after each other, `,` between them, each `<frequencies>/<milliseconds>`. Frequencies are in
/// Hz: `0` is silence, `350+440` sound together, `400*25` is the first, its level swayed by the second. A part without
/// a length sounds until the tone ends, and is the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ToneShape(&'static str);

/// A part of a tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TonePart {
    /// Frequencies that sound together, in Hz; zeros are none.
    pub frequencies: [u16; 4],
    /// What sways their level, in Hz; 0 for nothing.
    pub modulation: u16,
    /// How long, in milliseconds; `None` until the tone ends.
    pub milliseconds: Option<u16>,
}

impl ToneShape {
    /// As it is written.
    pub const fn text(self) -> &'static str {
        self.0
    }

    /// Its parts, in order.
    pub fn parts(self) -> impl Iterator<Item = TonePart> {
        self.0.split(',').map(|part| {
            let (sound, length) =
                part.split_once('/').map_or((part, None), |(sound, length)| (sound, length.parse().ok()));
            let (sound, modulation) = sound.split_once('*').unwrap_or((sound, "0"));
            let mut frequencies = [0; 4];
            for (place, hertz) in frequencies.iter_mut().zip(sound.split('+')) {
                *place = hertz.parse().unwrap_or(0);
            }
            TonePart { frequencies, modulation: modulation.parse().unwrap_or(0), milliseconds: length }
        })
    }
}

macro_rules! rows {
    ($($country:literal $name:literal $dial:literal $ringback:literal $busy:literal $congestion:literal $waiting:literal)+) => {
        &[$(Row {
            country: $country,
            name: $name,
            dial: $dial,
            ringback: $ringback,
            busy: $busy,
            congestion: $congestion,
            call_waiting: $waiting,
        }),+]
    };
}

/// Dial tone, ringing tone, busy tone, congestion tone, call-waiting tone.
#[rustfmt::skip]
const ROWS: &[Row] = rows! {
    "international" "International" "425" "425/1000,0/4000" "425/500,0/500" "425/250,0/250" "425/200,0/600,425/200,0/3000"
    "at" "Austria" "420" "420/1000,0/5000" "420/400,0/400" "420/200,0/200" "420/40,0/1960"
    "au" "Australia" "413+438" "413+438/400,0/200,413+438/400,0/2000" "425/375,0/375" "425/375,0/375,420/375,0/375" "425/200,0/200,425/200,0/4400"
    "be" "Belgium" "425" "425/1000,0/3000" "425/500,0/500" "425/167,0/167" "1400/175,0/175,1400/175,0/3500"
    "bg" "Bulgaria" "425" "425/1000,0/4000" "425/500,0/500" "425/250,0/250" "425/150,0/150,425/150,0/4000"
    "br" "Brazil" "425" "425/1000,0/4000" "425/250,0/250" "425/250,0/250,425/750,0/250" "425/50,0/1000"
    "ca" "Canada" "350+440" "440+480/2000,0/4000" "480+620/500,0/500" "480+620/250,0/250" "440/300,0/10000"
    "ch" "Switzerland" "425" "425/1000,0/4000" "425/500,0/500" "425/200,0/200" "425/200,0/200,425/200,0/4000"
    "cl" "Chile" "400" "400/1000,0/3000" "400/500,0/500" "400/200,0/200" "400/250,0/8750"
    "cn" "China" "450" "450/1000,0/4000" "450/350,0/350" "450/700,0/700" "450/400,0/4000"
    "cr" "Costa Rica" "450" "450/1200,0/4900" "450/330,0/330" "450/330,0/330" "450/150,0/150,450/150,0/8000"
    "cz" "Czechia" "425/330,0/330,425/660,0/660" "425/1000,0/4000" "425/330,0/330" "425/165,0/165" "425/330,0/9000"
    "de" "Germany" "425" "425/1000,0/4000" "425/480,0/480" "425/240,0/240" "425/200,0/200,425/200,0/5000"
    "dk" "Denmark" "425" "425/1000,0/4000" "425/500,0/500" "425/200,0/200" "425/200,0/600,425/200,0/3000"
    "es" "Spain" "425" "425/1500,0/3000" "425/200,0/200" "425/200,0/200,425/200,0/200,425/200,0/600" "425/175,0/175,425/175,0/3500"
    "fi" "Finland" "425" "425/1000,0/4000" "425/300,0/300" "425/200,0/200" "425/150,0/150,425/150,0/8000"
    "fr" "France" "440" "440/1500,0/3500" "440/500,0/500" "440/250,0/250" "440/300,0/10000"
    "gb" "United Kingdom" "350+440" "400+450/400,0/200,400+450/400,0/2000" "400/375,0/375" "400/400,0/350,400/225,0/525" "400/100,0/4000"
    "gr" "Greece" "425/200,0/300,425/700,0/800" "425/1000,0/4000" "425/300,0/300" "425/200,0/200" "425/150,0/150,425/150,0/8000"
    "hk" "Hong Kong" "350+440" "440+480/400,0/200,440+480/400,0/3000" "480+620/500,0/500" "480+620/250,0/250" "440/300,0/10000"
    "hu" "Hungary" "425" "425/1250,0/3750" "425/300,0/300" "425/300,0/300" "425/40,0/1960"
    "il" "Israel" "414" "414/1000,0/3000" "414/500,0/500" "414/250,0/250" "414/100,0/100,414/100,0/100,414/600,0/3000"
    "in" "India" "400*25" "400*25/400,0/200,400*25/400,0/2000" "400/750,0/750" "400/250,0/250" "400/200,0/100,400/200,0/7500"
    "it" "Italy" "425/200,0/200,425/600,0/1000" "425/1000,0/4000" "425/500,0/500" "425/200,0/200" "425/400,0/100,425/250,0/100,425/150,0/14000"
    "jp" "Japan" "400" "400*16/1000,0/2000" "400/500,0/500" "400/500,0/500" "400*16/500,0/8000"
    "kr" "South Korea" "350+440" "440+480/1000,0/2000" "480+620/500,0/500" "480+620/300,0/200" "350+440/250,0/250,350+440/250,0/3250"
    "lt" "Lithuania" "425" "425/1000,0/4000" "425/350,0/350" "425/200,0/200" "425/150,0/150,425/150,0/4000"
    "mx" "Mexico" "425" "425/1000,0/4000" "425/250,0/250" "425/250,0/250" "425/200,0/600,425/200,0/10000"
    "my" "Malaysia" "425" "425/400,0/200,425/400,0/2000" "425/500,0/500" "425/500,0/500" "425/200,0/600,425/200,0/3000"
    "nl" "Netherlands" "425" "425/1000,0/4000" "425/500,0/500" "425/250,0/250" "425/500,0/9500"
    "no" "Norway" "425" "425/1000,0/4000" "425/500,0/500" "425/200,0/200" "425/200,0/600,425/200,0/10000"
    "nz" "New Zealand" "400" "400+450/400,0/200,400+450/400,0/2000" "400/250,0/250" "400/375,0/375" "400/200,0/3000"
    "ph" "Philippines" "425" "425+480/1000,0/4000" "480+620/500,0/500" "480+620/250,0/250" "440/300,0/10000"
    "pl" "Poland" "425" "425/1000,0/4000" "425/500,0/500" "425/500,0/500" "425/150,0/150,425/150,0/4000"
    "pt" "Portugal" "425" "425/1000,0/5000" "425/500,0/500" "425/200,0/200" "425/200,0/200,425/200,0/5000"
    "ru" "Russia" "425" "425/1000,0/4000" "425/350,0/350" "425/175,0/175" "425/200,0/5000"
    "se" "Sweden" "425" "425/1000,0/5000" "425/250,0/250" "425/250,0/750" "425/200,0/500,425/200,0/9100"
    "sg" "Singapore" "425" "425*24/400,0/200,425*24/400,0/2000" "425/750,0/750" "425/250,0/250" "425*24/300,0/200,425*24/300,0/3200"
    "tr" "Türkiye" "450" "450/2000,0/4000" "450/500,0/500" "450/200,0/200,450/200,0/200,450/200,0/200,450/600,0/200" "450/200,0/600,450/200,0/8000"
    "tw" "Taiwan" "350+440" "440+480/1000,0/2000" "480+620/500,0/500" "480+620/250,0/250" "350+440/250,0/250,350+440/250,0/3250"
    "us" "United States" "350+440" "440+480/2000,0/4000" "480+620/500,0/500" "480+620/250,0/250" "440/300,0/10000"
    "ve" "Venezuela" "425" "425/1000,0/4000" "425/500,0/500" "425/250,0/250" "400+450/300,0/6000"
    "za" "South Africa" "400*33" "400*33/400,0/200,400*33/400,0/2000" "400/500,0/500" "400/250,0/250" "400*33/250,0/250,400*33/250,0/3250"
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_is_found_by_its_country_and_sounds() {
        let mut before = "";
        for plan in TonePlan::all() {
            assert_eq!(plan.country().to_uppercase().parse(), Ok(plan));
            assert!(plan == TonePlan::INTERNATIONAL || plan.country() > before, "{plan:?} is out of order");
            before = if plan == TonePlan::INTERNATIONAL { "" } else { plan.country() };
            for tone in ToneId::ALL {
                let parts: Vec<TonePart> = plan.shape(tone).parts().collect();
                assert!(parts[0].frequencies[0] > 0, "{plan:?} {tone:?} begins with silence");
                assert!(parts.iter().all(|part| part.milliseconds != Some(0)), "{plan:?} {tone:?}");
                let is_endless = parts.iter().any(|part| part.milliseconds.is_none());
                assert!(!is_endless || parts.len() == 1, "{plan:?} {tone:?}");
                // As written again: nothing was misread.
                let text: Vec<String> = parts.iter().map(written).collect();
                assert_eq!(text.join(","), plan.shape(tone).text());
            }
        }
        assert!("xx".parse::<TonePlan>().is_err());
    }

    fn written(part: &TonePart) -> String {
        let sounding = part.frequencies.iter().filter(|&&hertz| hertz > 0);
        let sound: Vec<String> = sounding.map(ToString::to_string).collect();
        let sound = if sound.is_empty() { "0".to_owned() } else { sound.join("+") };
        let sway = if part.modulation > 0 { format!("*{}", part.modulation) } else { String::new() };
        let length = part.milliseconds.map(|length| format!("/{length}")).unwrap_or_default();
        format!("{sound}{sway}{length}")
    }

    #[test]
    fn a_country_that_is_not_known_refuses_no_directory() {
        for (text, plan) in [("qq", "international"), ("de", "de")] {
            let written = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
            assert_eq!(TonePlan::deserialize(written).map(TonePlan::country), Ok(plan));
        }
    }
}
