//! Whose signatures something in an account's name takes.

use super::policy::{KeyClass, Missing, Policy};
use crate::key::PublicKey;
use alloc::collections::BTreeSet;

/// Whose signatures an action in an account's name takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Authority {
    /// As the account's policy asks.
    Policy,
    /// As the policy asks, or any one of the patient's keys alone: what closes a door.
    Closing,
    /// Every one of the patient's keys, and nobody else's: what changes who may act. Whoever holds one stolen key cannot
    /// lock the patient out; a lost key goes the way of recovery. An account without patient keys acts as its policy asks.
    Patient,
}

impl Authority {
    /// Whether these signers suffice. Foreign keys and repetitions do not count.
    ///
    /// # Errors
    /// [`Missing`], naming the first shortfall.
    pub fn satisfied_by(self, policy: &Policy, signers: impl IntoIterator<Item = PublicKey>) -> Result<(), Missing> {
        let signers: BTreeSet<_> = signers.into_iter().collect();
        let need = policy.keys_of(KeyClass::Patient).count();
        let have = policy.keys_of(KeyClass::Patient).filter(|key| signers.contains(key)).count();
        match self {
            Self::Closing if have > 0 => Ok(()),
            Self::Patient if need > 0 && have == need => Ok(()),
            Self::Patient if need > 0 => {
                let count = |n| u8::try_from(n).unwrap_or(u8::MAX);
                Err(Missing::OfClass { class: KeyClass::Patient, have: count(have), need: count(need) })
            }
            _ => policy.satisfied_by(signers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn keys(n: u8) -> Vec<PublicKey> {
        (0..n)
            .map(|i| {
                let mut bytes = [i; 33];
                bytes[0] = 1;
                PublicKey::from_bytes(bytes).unwrap()
            })
            .collect()
    }

    /// Two patient keys and up to four others, every subset of them: who may do what.
    #[test]
    fn exhaustively_for_up_to_six_keys_nobody_acts_without_the_patient() {
        for n in 2..=6_u8 {
            let all = keys(n);
            let policy = Policy::medical([all[0], all[1]], all[2..].to_vec()).unwrap();
            for mask in 0..1_u32 << n {
                let signers: Vec<_> = (0..usize::from(n)).filter(|i| mask >> i & 1 == 1).map(|i| all[i]).collect();
                let patients = (mask & 0b11).count_ones();
                let holds = |authority: Authority| authority.satisfied_by(&policy, signers.iter().copied()).is_ok();
                assert_eq!(holds(Authority::Policy), signers.len() >= 2 && patients >= 1, "{mask:b} of {n}");
                assert_eq!(holds(Authority::Closing), patients >= 1, "{mask:b} of {n}");
                assert_eq!(holds(Authority::Patient), patients == 2, "{mask:b} of {n}");
            }
        }
    }

    #[test]
    fn an_account_without_patient_keys_acts_as_its_policy_asks() {
        let all = keys(3);
        let policy = Policy::plain(2, all.clone()).unwrap();
        for authority in [Authority::Policy, Authority::Closing, Authority::Patient] {
            assert_eq!(authority.satisfied_by(&policy, [all[0], all[2]]), Ok(()));
            let lacking = Err(Missing::Signatures { have: 1, need: 2 });
            assert_eq!(authority.satisfied_by(&policy, [all[1], all[1]]), lacking);
        }
    }
}
