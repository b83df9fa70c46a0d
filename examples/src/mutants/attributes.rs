//! Valid presentations of certified attributes, with attributes, places, issuers and headers that are others.

use super::{
    Family, below,
    families::good,
    proofs::{Proofs, context},
};
use crate::error::{During, HostError};
use dmledger_zk::bbs::{Attributes, Header, Held, IssuerSecret, Presentation, Presented};
use rand_chacha::ChaCha20Rng;
use std::collections::BTreeMap;

const NAME: &str = "certified attributes";

pub(super) fn all(rng: &mut ChaCha20Rng) -> Result<Box<dyn Family>, HostError> {
    let header = Header::for_ledger(context()?.chain(), "physician").during(NAME)?;
    let issuer = IssuerSecret::random(rng);
    let attributes = Attributes::new(&["role=physician", "hospital=A1", "until=2027"]).during(NAME)?;
    let held = Held::new(issuer.issue(&header, &attributes).during(NAME)?, attributes);
    let mut made = Vec::new();
    for places in [&[0][..], &[1, 2]] {
        made.push(good(Presented::of(&issuer.public(), &header, &held, places).during(NAME)?, &held, rng)?);
    }
    let alter = |_: usize, one: &Presented, rng: &mut ChaCha20Rng| {
        let (mut issuer, mut header, mut count) = (*one.issuer(), one.header().clone(), one.count());
        let mut shown: BTreeMap<usize, Vec<u8>> = one.disclosed().clone();
        match below(6, rng) {
            0 => issuer = IssuerSecret::random(rng).public(),
            1 => header = Header::for_ledger(context().ok()?.chain(), "surgeon").ok()?,
            2 => count += 1 + below(4, rng),
            3 => shown.values_mut().for_each(|attribute| attribute.push(b'!')),
            4 => drop(shown.pop_first()),
            _ => {
                let (place, attribute) = shown.pop_first()?;
                let free = (0..count).find(|free| *free != place && !shown.contains_key(free))?;
                shown.insert(free, attribute);
            }
        }
        Presented::new(&issuer, &header, count, shown).ok()
    };
    // Behind the points come the scalars, 32 bytes each.
    let read = |bytes: &[u8]| Presentation::from_bytes(bytes).ok();
    Ok(Box::new(Proofs::new((NAME, 1), made, read, alter)?.with_elements_from(144)))
}
