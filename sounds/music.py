"""Music on hold, synthesised: eight bars of a soft electric piano over a quiet pad.

Everything is written into a ring as long as the piece, so tails that ring past the end sound at the beginning and
the loop has no seam. Standard library only; no random source, so the same interpreter gives the same samples.
"""

import array
import math

RATE = 48_000
BEATS_PER_MINUTE = 75
BEATS_PER_BAR = 4
# MIDI note numbers: the pad's chord, then the eight notes of the bar's broken chord.
BARS = [
    ((48, 55, 64, 71), (60, 67, 71, 76, 74, 71, 67, 64)),  # C maj7
    ((45, 52, 60, 67), (57, 64, 67, 72, 76, 72, 67, 64)),  # A min7
    ((41, 53, 60, 64), (53, 60, 64, 69, 72, 69, 64, 60)),  # F maj7
    ((43, 53, 60, 62), (55, 62, 65, 72, 74, 72, 65, 62)),  # G 11
    ((40, 52, 59, 67), (52, 59, 67, 71, 74, 71, 67, 64)),  # E min7
    ((45, 52, 60, 67), (57, 64, 67, 72, 79, 76, 72, 67)),  # A min7
    ((38, 53, 60, 64), (50, 57, 65, 69, 76, 72, 69, 65)),  # D min9
    ((43, 53, 59, 64), (55, 62, 65, 71, 76, 74, 71, 65)),  # G 13
]
# Held callers expect to be spoken to, not shouted at: the peak lies 10 dB below full scale.
PEAK = 0.316

BEAT = RATE * 60 // BEATS_PER_MINUTE
LENGTH = BEAT * BEATS_PER_BAR * len(BARS)


def frequency(note):
    return 440.0 * 2.0 ** ((note - 69) / 12)


def partial(out, hertz, level, half_life_s):
    """Adds one decaying sine by its two-term recurrence, which costs no call per sample."""
    step = 2 * math.pi * hertz / RATE
    decay = 0.5 ** (1 / (half_life_s * RATE))
    a, b = 2 * decay * math.cos(step), -decay * decay
    y1, y0 = level * math.sin(step) * decay, 0.0
    for i in range(len(out)):
        out[i] += y0
        y0, y1 = y1, a * y1 + b * y0


def attack(out, seconds):
    count = int(seconds * RATE)
    for i in range(count):
        out[i] *= 0.5 - 0.5 * math.cos(math.pi * i / count)


def release(out, seconds):
    count = int(seconds * RATE)
    for i in range(count):
        out[len(out) - 1 - i] *= 0.5 - 0.5 * math.cos(math.pi * i / count)


def struck(note):
    """An electric-piano note: a warm fundamental, and overtones that die away sooner."""
    out = array.array("d", bytes(8 * int(2.4 * RATE)))
    base = frequency(note)
    partial(out, base, 0.55, 0.45)
    partial(out, 2 * base, 0.16, 0.25)
    partial(out, 3 * base, 0.05, 0.12)
    partial(out, 7.01 * base, 0.015, 0.04)
    attack(out, 0.006)
    release(out, 0.3)
    return out


def held(note):
    """A pad note: two slightly detuned sines under a slow swell, as long as a bar and a beat."""
    out = array.array("d", bytes(8 * (BEAT * (BEATS_PER_BAR + 1))))
    base = frequency(note)
    partial(out, base * 0.9985, 0.1, 30)
    partial(out, base * 1.0015, 0.1, 30)
    attack(out, BEAT / RATE)
    release(out, BEAT / RATE)
    return out


def add(ring, at, sound, level):
    at %= LENGTH
    for i, sample in enumerate(sound, at):
        ring[i if i < LENGTH else i - LENGTH] += sample * level


def echo(ring, delay, level):
    """One soft repeat, read from the ring, so that it too runs across the loop."""
    return array.array("d", (ring[i] + level * ring[i - delay] for i in range(LENGTH)))


def render():
    """The piece as 16-bit samples at 48 kHz."""
    ring = array.array("d", bytes(8 * LENGTH))
    notes = {}
    for bar, (chord, melody) in enumerate(BARS):
        start = bar * BEATS_PER_BAR * BEAT
        for note in chord:
            add(ring, start, held(note), 0.8)
        for eighth, note in enumerate(melody):
            if (note,) not in notes:
                notes[(note,)] = struck(note)
            # The beat a little stronger than what lies between.
            add(ring, start + eighth * BEAT // 2, notes[(note,)], 1.0 if eighth % 4 == 0 else 0.7)
    ring = echo(ring, BEAT * 3 // 4, 0.22)
    scale = PEAK * 32767 / max(abs(sample) for sample in ring)
    return array.array("h", (round(sample * scale) for sample in ring))
