//! The table camera: keeps pictures and clips and sends them under credit.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::device::{ATTRIBUTE_NOT_FOUND, Peripheral};
use super::fault::Traffic;
use crate::codec::Characteristic;
use crate::codec::capture::{
    CAMERA_CONTROL, CAMERA_DATA, CAMERA_MANIFEST, CameraAnswer, CameraControl, Chunk, DIGEST_BYTES, Manifest,
    ObjectCodec, ObjectKind, ObjectNumber,
};
use crate::codec::date_time::DateTime;
use crate::codec::uuid::Uuid;
use crate::procedure::Uptime;
use crate::procedure::clip_transfer::digests;
use crate::procedure::glucose_sync::AttError;

#[derive(Clone, Debug)]
struct Kept {
    manifest: Manifest,
    stream: Vec<u8>,
}

/// A simulated camera.
#[derive(Clone, Debug)]
pub struct SimCamera {
    chunk: u16,
    kept: BTreeMap<ObjectNumber, Kept>,
    next: u16,
    subscribed: BTreeSet<Uuid>,
    outgoing: VecDeque<(Uuid, Vec<u8>)>,
    sent: u64,
}

impl SimCamera {
    /// An empty camera that sends chunks of so many octets; 8 to 500.
    #[must_use]
    pub fn new(chunk: u16) -> Self {
        let chunk = chunk.clamp(8, 500);
        let (kept, subscribed, outgoing) = (BTreeMap::new(), BTreeSet::new(), VecDeque::new());
        Self { chunk, kept, next: 1, subscribed, outgoing, sent: 0 }
    }

    /// Keeps a picture or clip captured from `start` to `end` on the camera's clock. `None` for one without octets or
    /// above 64 MiB.
    pub fn keep(
        &mut self,
        object: &[u8],
        kind: ObjectKind,
        codec: ObjectCodec,
        start: DateTime,
        end: DateTime,
    ) -> Option<Manifest> {
        let (pieces, digest, root) = digests(object);
        let (number, length) = (ObjectNumber::new(self.next), u32::try_from(object.len()).ok()?);
        let (digest, root) = (digest.to_bytes(), root.to_bytes());
        let manifest = Manifest { object: number, kind, codec, length, chunk: self.chunk, digest, root, start, end };
        manifest.to_vec().ok()?;
        let mut stream = Vec::with_capacity(pieces.len() * DIGEST_BYTES + object.len());
        pieces.iter().for_each(|piece| stream.extend_from_slice(piece.as_bytes()));
        stream.extend_from_slice(object);
        self.kept.insert(number, Kept { manifest, stream });
        self.next = self.next.wrapping_add(1);
        Some(manifest)
    }

    /// How many objects it keeps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether it keeps none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Chunks sent in all, repeats included.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    fn indicate(&mut self, control: CameraControl<'_>) {
        let mut buffer = [0; CameraControl::MAX_BYTES];
        let octets = control.encode(&mut buffer).unwrap_or_default().to_vec();
        self.outgoing.push_back((CAMERA_CONTROL, octets));
    }

    fn serve(&mut self, control: CameraControl<'_>) {
        match control {
            CameraControl::List => {
                let manifests: Vec<_> = self.kept.values().filter_map(|kept| kept.manifest.to_vec().ok()).collect();
                self.outgoing.extend(manifests.into_iter().map(|octets| (CAMERA_MANIFEST, octets)));
                self.indicate(CameraControl::Listed(u16::try_from(self.kept.len()).unwrap_or(u16::MAX)));
            }
            CameraControl::Grant { object, base, credit, bitmap } => self.grant(object, base, credit, bitmap),
            CameraControl::Abort => self.outgoing.clear(),
            CameraControl::Delete { object, digest } => {
                let answer = match self.kept.get(&object) {
                    None => CameraAnswer::NO_OBJECT,
                    Some(kept) if &kept.manifest.digest != digest => CameraAnswer::WRONG_DIGEST,
                    Some(_) => {
                        self.kept.remove(&object);
                        CameraAnswer::SUCCESS
                    }
                };
                self.indicate(CameraControl::Answer { request: control.op_code(), answer });
            }
            _ => {
                let answer = CameraAnswer::OP_CODE_NOT_SUPPORTED;
                self.indicate(CameraControl::Answer { request: control.op_code(), answer });
            }
        }
    }

    fn grant(&mut self, object: ObjectNumber, base: u32, credit: u16, bitmap: &[u8]) {
        // A grant replaces what is left of the one before.
        self.outgoing.clear();
        let Some(kept) = self.kept.get(&object) else {
            let request = CameraControl::Grant { object, base, credit, bitmap }.op_code();
            return self.indicate(CameraControl::Answer { request, answer: CameraAnswer::NO_OBJECT });
        };
        let extent = match u32::try_from(bitmap.len()) {
            Ok(0) | Err(_) => u32::from(credit),
            Ok(octets) => 8 * octets,
        };
        let end = kept.manifest.chunks().min(base.saturating_add(extent));
        let there = |index: u32| {
            let offset = usize::try_from(index - base).unwrap_or(usize::MAX);
            bitmap.get(offset / 8).is_some_and(|octet| octet >> (offset % 8) & 1 == 1)
        };
        let mut values = Vec::new();
        for index in (base..end).filter(|index| !there(*index)).take(usize::from(credit)) {
            let start = usize::try_from(index).unwrap_or(usize::MAX) * usize::from(kept.manifest.chunk);
            let stop = (start + usize::from(kept.manifest.chunk)).min(kept.stream.len());
            let payload = kept.stream.get(start..stop).unwrap_or_default();
            let mut buffer = [0; 506];
            if let Ok(octets) = (Chunk { object, index, payload }).encode(&mut buffer) {
                values.push((CAMERA_DATA, octets.to_vec()));
            }
        }
        self.sent += values.len() as u64;
        let sent = u16::try_from(values.len()).unwrap_or(u16::MAX);
        self.outgoing.extend(values);
        self.indicate(CameraControl::Window { object, base, sent });
    }
}

impl Peripheral for SimCamera {
    fn characteristics(&self) -> Vec<Uuid> {
        vec![CAMERA_MANIFEST, CAMERA_CONTROL, CAMERA_DATA]
    }

    fn subscribe(&mut self, characteristic: Uuid) -> Result<(), AttError> {
        if !self.characteristics().contains(&characteristic) {
            return Err(ATTRIBUTE_NOT_FOUND);
        }
        self.subscribed.insert(characteristic);
        Ok(())
    }

    fn write(&mut self, characteristic: Uuid, bytes: &[u8], _now: Uptime) -> Result<(), AttError> {
        if characteristic != CAMERA_CONTROL {
            return Err(ATTRIBUTE_NOT_FOUND);
        }
        if !self.subscribed.contains(&CAMERA_CONTROL) {
            return Err(AttError::NOT_SUBSCRIBED);
        }
        match CameraControl::decode(bytes) {
            Ok(control) => self.serve(control),
            Err(_) => {
                let request = bytes.first().copied().unwrap_or(0);
                self.indicate(CameraControl::Answer { request, answer: CameraAnswer::INVALID_OPERAND });
            }
        }
        Ok(())
    }

    fn due(&self, now: Uptime) -> Option<Uptime> {
        (!self.outgoing.is_empty()).then_some(now)
    }

    fn next_value(&mut self, _now: Uptime) -> Option<(Uuid, Vec<u8>)> {
        self.outgoing.pop_front()
    }

    fn unlink(&mut self) {
        self.subscribed.clear();
        self.outgoing.clear();
    }

    fn traffic(&self, characteristic: Uuid) -> Traffic {
        match characteristic {
            CAMERA_DATA => Traffic::Record,
            _ => Traffic::Answer,
        }
    }
}
