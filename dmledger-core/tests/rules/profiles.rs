//! Consortium, private, public: one code path, other answers.

use super::{Done, Failed, assert_refused, refusal, signed};
use dmledger_core::{
    account::escrow::{BasicInfo, Intake, Publication},
    action::{
        Action, GenesisError, Parameters, Profile, PublishInfo, Reconfigure, Refusal, Submit,
        configure::{HomeVotes, LEAST_CELL},
    },
    codec::{Bytes, Text},
    consent::Grant,
    envelope::Meaning::{Approved, Authored},
    identity::Role,
    ledger::Ledger,
    quorum::{Validator, ValidatorSet},
    testing::{World, WorldPlan},
};

const PROFILES: [Profile; 3] = [Profile::Consortium, Profile::Private, Profile::Public];

fn network(profile: Profile, parameters: Parameters) -> Result<(World, Ledger), Failed> {
    let mut world = World::new(WorldPlan { profile, parameters, ..WorldPlan::default() })?;
    let ledger = world.populated()?;
    Ok((world, ledger))
}

#[test]
fn each_profile_makes_another_network() -> Done {
    let mut chains = Vec::new();
    for profile in PROFILES {
        let (world, ledger) = network(profile, profile.parameters())?;
        assert_eq!(ledger.settings().profile(), profile);
        chains.push(world.chain());
    }
    assert!(chains[0] != chains[1] && chains[1] != chains[2] && chains[0] != chains[2]);
    Ok(())
}

#[test]
fn in_public_homes_join_by_certificate_alone_and_institutions_nowhere() -> Done {
    for profile in PROFILES {
        let (mut world, ledger) = network(profile, profile.parameters())?;
        for (role, welcome) in [(Role::Residence, true), (Role::Device, true), (Role::Hospital, false)] {
            let key = world.key();
            let party = world.party(key, role, role.name())?;
            let alone = world.admission(&party, 0)?;
            if welcome && profile == Profile::Public {
                assert_eq!(refusal(&ledger, &alone), None, "{role}");
            } else {
                assert_refused(&mut world, &ledger, &alone, Refusal::MissingApprovals { have: 0, need: 2 });
            }
        }
    }
    Ok(())
}

#[test]
fn in_private_the_data_centre_has_a_say() -> Done {
    for profile in PROFILES {
        let (mut world, mut ledger) = network(profile, profile.parameters())?;
        let centre = super::newcomer(&mut world, &mut ledger, Role::DataCentre)?;
        let key = world.key();
        let party = world.party(key, Role::Pharmacy, "Corner pharmacy")?;
        let body = world.admission(&party, 0)?.body().clone();
        let keys = [(&centre.key, Approved), (&world.institutions()[0].key, Approved)];
        let action = signed(&world, None, body, &keys);
        if profile == Profile::Private {
            assert!(super::is_taken(&mut world, &ledger, &action));
        } else {
            assert_refused(&mut world, &ledger, &action, Refusal::MissingApprovals { have: 1, need: 2 });
        }
    }
    Ok(())
}

#[test]
fn homes_vote_where_profile_and_genesis_let_them() -> Done {
    for profile in PROFILES {
        for home_votes in [HomeVotes::Never, HomeVotes::Allowed] {
            let parameters = Parameters { home_votes, ..profile.parameters() };
            if profile == Profile::Consortium && home_votes == HomeVotes::Allowed {
                let refused = World::new(WorldPlan { profile, parameters, ..WorldPlan::default() }).err();
                let refused = refused.ok_or("a consortium let homes vote")?;
                assert_eq!(refused.downcast_ref(), Some(&GenesisError::HomesVote));
                continue;
            }
            let (mut world, ledger) = network(profile, parameters)?;
            let mut set: Vec<_> = world.genesis().validators().iter().copied().collect();
            set.push(Validator::new(world.residences()[0].key.public(), 1));
            let body = Action::Reconfigure(Box::new(Reconfigure { number: 1, validators: ValidatorSet::new(set)? }));
            let keys = [(&world.institutions()[0].key, Approved), (&world.institutions()[1].key, Approved)];
            let action = signed(&world, None, body, &keys);
            match home_votes {
                HomeVotes::Allowed => assert!(super::is_taken(&mut world, &ledger, &action)),
                HomeVotes::Never => {
                    let refused = Refusal::MayNotVote { role: Role::Residence };
                    assert_refused(&mut world, &ledger, &action, refused);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn a_public_ledger_carries_no_text_and_no_ciphertext() -> Done {
    for profile in PROFILES {
        let (mut world, ledger) = network(profile, profile.parameters())?;
        let grant = Grant { delivery: Bytes::new(vec![1; 40])?, ..world.grant_to(0, 0) };
        let plain = world.grant_to(0, 0);
        let hospital = World::new(WorldPlan { profile, parameters: profile.parameters(), ..WorldPlan::default() })?;
        let hospital = hospital.into_institutions().remove(0).key;
        let one = super::escrow::publication(&mut world, &hospital, 0, 1)?;
        let noted = Publication { note: Bytes::new(vec![2; 40])?, ..one.clone() };
        let account = Some(world.patients()[0].account);
        let submit = |publication| {
            signed(&world, account, Action::Submit(Box::new(Submit { publication })), &[(&hospital, Authored)])
        };
        let about = |about: &str| -> Result<_, Failed> {
            let info =
                BasicInfo { number: 0, intake: Intake::Cosigners, kem: Bytes::default(), about: Text::new(about)? };
            let body = Action::PublishInfo(Box::new(PublishInfo { info }));
            Ok(signed(&world, account, body, &[(&world.patients()[0].phone, Authored)]))
        };
        let pairs = [
            (world.grant(0, plain)?, world.grant(0, grant)?),
            (submit(one), submit(noted)),
            (about("")?, about("forty bytes about me, and not one more..")?),
        ];
        for (bare, inline) in pairs {
            assert_eq!(refusal(&ledger, &bare), None);
            let expected = (profile == Profile::Public).then_some(Refusal::InlineForbidden { bytes: 40 });
            assert_eq!(refusal(&ledger, &inline), expected, "{profile:?} {}", inline.body().name());
        }
    }
    Ok(())
}

#[test]
fn cells_of_similar_cases_are_larger_where_anybody_asks() -> Done {
    for profile in PROFILES {
        let parameters = Parameters { min_cell: LEAST_CELL, ..profile.parameters() };
        let made = World::new(WorldPlan { profile, parameters, ..WorldPlan::default() });
        assert_eq!(made.is_ok(), profile != Profile::Public, "{profile:?}");
    }
    Ok(())
}
